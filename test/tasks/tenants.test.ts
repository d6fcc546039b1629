import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import type { Plan, TaskContext, TaskKind, TaskResult, TenantSpec } from '../../config/define.js';
import { renderProblem } from '../../lib/errors/index.js';
import { tenants } from '../../tasks/tenants.js';
import { query } from '../support/postgres.js';
import { pythonSets } from '../support/python.js';
import { load } from '../config/project.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory, type TestMemory } from '../support/task-context.js';
import { openWholesale, planOf, wholesaleContext, type Wholesale } from '../support/wholesale.js';

const kind = tenants as unknown as TaskKind;
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`task tenants (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;
    let memory: TestMemory;

    before(async () => {
      project = await openWholesale(set, { migrated: false });
    });
    after(() => project.close());
    beforeEach(() => {
      memory = testMemory();
    });

    const context = (wanted: readonly TenantSpec[], options: unknown = {}): TaskContext<unknown> =>
      wholesaleContext(project, { kind, options, memory, name: 'tenants', tenants: wanted });
    const plan = (wanted: readonly TenantSpec[], options?: unknown): Promise<Plan> =>
      planOf(kind, context(wanted, options));
    const run = (wanted: readonly TenantSpec[], options?: unknown): Promise<TaskResult> =>
      kind.run(context(wanted, options));
    const ends = (): unknown[] =>
      memory.events.flatMap((event) =>
        event.type === 'tenant.end' ? [[event.schema, event.status, event.reason]] : [],
      );
    const acme = { schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } };
    const zoo = { schema: 'zoo', domain: 'zoo.example.com', fields: { name: 'Zoo', plan: 1000 } };

    it('has nothing to do without tenants', async () => {
      assert.deepEqual(await plan([]), { action: 'skip', reason: 'no tenants are configured' });
      assert.equal((await run([])).changed, false);
    });

    it('plans on an empty database, and fails there with what to do', async () => {
      assert.deepEqual(await plan([acme]), {
        action: 'run',
        reason: 'table "accounts_client" does not exist yet',
      });
      const error = await rejection(run([acme]));
      assert.equal(error.code, 'DBB6022');
      assert.equal(error.message, 'table "accounts_client" does not exist, so no tenant can be stored');
      await project.manage('migrate_schemas', '--shared', '-v0');
    });

    it('creates, reports each tenant, and is up to date the second time', async () => {
      assert.deepEqual(await plan([acme, zoo]), {
        action: 'run',
        reason: '2 tenants to create',
        details: [
          { schema: 'acme', todo: ['schema', 'row', 'domain acme.example.com'] },
          { schema: 'zoo', todo: ['schema', 'row', 'domain zoo.example.com'] },
        ],
      });
      const result = await run([acme, zoo], { public: { domain: 'example.com', fields: acme.fields } });
      assert.equal(result.changed, true);
      assert.equal(result.summary, '3 tenants created');
      assert.deepEqual(ends(), [
        ['public', 'created', 'row, domain example.com'],
        ['acme', 'created', 'schema, row, domain acme.example.com'],
        ['zoo', 'created', 'schema, row, domain zoo.example.com'],
      ]);
      assert.deepEqual(await plan([acme, zoo]), { action: 'up-to-date', reason: 'all 2 tenants exist' });
      const again = await run([acme, zoo]);
      assert.deepEqual([again.changed, again.summary], [false, 'all 2 tenants exist']);
    });

    it('says what it keeps, and changes it with update', async () => {
      const other = { ...acme, fields: { name: 'Other', plan: 1000 } };
      assert.equal((await plan([other])).action, 'up-to-date');
      assert.equal((await run([other])).changed, false);
      assert.ok(logOf(memory).includes('acme: field "name" keeps its value (update: false)'));
      assert.equal((await plan([other], { update: true })).reason, '1 tenant to change');
      assert.equal((await run([other], { update: true })).summary, '1 tenant changed');
      assert.equal((await plan([other], { update: true })).action, 'up-to-date');
    });

    it('warns where one half of a tenant was lost', async () => {
      await query(
        project.url,
        `drop schema zoo cascade;
         delete from accounts_domain using accounts_client c where tenant_id = c.id and schema_name = 'acme';
         delete from accounts_client where schema_name = 'acme'`,
      );
      const { summary, warnings } = await run([acme, zoo]);
      assert.equal(summary, '1 tenant created, 1 changed');
      assert.deepEqual(
        warnings?.map(({ code, severity, message }) => [code, severity, message]),
        [
          [
            'DBB6020',
            'warning',
            'schema "acme" had no tenant row: tenant "acme" was created, and owns the schema as it is',
          ],
          ['DBB6019', 'warning', 'tenant "zoo" had a row, but no schema: an empty schema was created'],
        ],
      );
      assert.deepEqual((await run([acme, zoo])).warnings, []);
    });

    it('names every mistake with the valid list, in plan and in run', async () => {
      const wrong = [
        { schema: "o'hara", domain: 'acme.example.com', fields: { nmae: 'x', size: 'huge' } },
        { schema: 'new', domain: 'new.example.com', fields: { plan: 1000 } },
        { schema: '$user', domain: 'user.example.com', fields: { name: 'User', plan: 1000 } },
      ];
      for (const attempt of [plan, run]) {
        const { problems } = await rejection(attempt(wrong));
        assert.deepEqual(
          problems.map(({ code, message }) => [code, message]),
          [
            [
              'DBB6023',
              `"o'hara" cannot be a tenant's schema name: it contains ', which may not stand in a tenant's schema name`,
            ],
            ['DBB6015', `accounts.Client has no field "nmae" that tenant "o'hara" could set`],
            [
              'DBB6024',
              `field "size" of tenant "o'hara" cannot be "huge": Value 'huge' is not a valid choice`,
            ],
            [
              'DBB6023',
              '"$user" cannot be a tenant\'s schema name: in a search_path it stands for the schema of the role\'s name',
            ],
            ['DBB6016', 'tenant "new" has no value for "name", which accounts.Client requires'],
          ],
        );
        assert.equal(problems[1]?.help, 'did you mean "name"?');
        assert.match(renderProblem(problems[1]), /valid: name \(CharField, required\), number/);
        assert.deepEqual(problems[0].notes?.at(-1), { label: 'not done', text: 'no tenant was changed' });
      }
    });

    it('shows each mistake where the config has it', async () => {
      const { origins, tenants: wanted } = await load(`
preset: django-tenants
tenants:
  - schema: one
    fields: { nmae: x, name: One, plan: 1000, size: huge }
  - schema: two
    domains: [two.example.com, acme.example.com]
    fields:
      plan: 1000
  - { schema: three, domain: zoo.example.com, fields: { name: Three, plan: 1 }, domainFields: { nothing: 1 } }
  - schema: four
tasks:
  tenants:
    public: { domain: example.com, fields: { name: Public, nope: 1 } }
`);
      const places = async (options: unknown): Promise<string[]> => {
        const ctx = wholesaleContext(project, {
          kind,
          memory,
          name: 'tenants',
          tenants: wanted,
          origins,
          options,
        });
        const { problems } = await rejection(planOf(kind, ctx));
        return problems.map(({ code, place }) => {
          const { file, line, column, keyPath } = place ?? {};
          return [code, line === undefined ? keyPath : [file, line, column].join(':')].join(' ');
        });
      };
      const found = [
        'DBB6015 .bootstraprc:5:15',
        'DBB6024 .bootstraprc:5:47',
        'DBB6024 .bootstraprc:10:70',
        'DBB6015 .bootstraprc:10:97',
        'DBB6016 .bootstraprc:8:5',
        'DBB6017 .bootstraprc:7:32',
        'DBB6017 .bootstraprc:10:22',
        'DBB6016 .bootstraprc:11:5',
      ];
      assert.deepEqual((await places({})).sort(), found.sort());
      const fields = { name: 'Public', plan: 1000, nope: 1 };
      assert.deepEqual(
        (await places({ public: { fields } })).sort(),
        [...found, 'DBB6015 .bootstraprc:14:60'].sort(),
      );
    });

    it('names both tenants where a domain is taken', async () => {
      const error = await rejection(plan([{ ...zoo, domain: 'acme.example.com' }]));
      assert.equal(error.code, 'DBB6017');
      assert.equal(error.message, 'domain "acme.example.com" of tenant "zoo" belongs to tenant "acme"');
    });

    it('fails for a tenant that the project refuses, after the others', async () => {
      const refused = { schema: 'bad', fields: { name: 'refuse me', plan: 1000 } };
      const last = { schema: 'last', fields: { name: 'Last', plan: 1000 } };
      const error = await rejection(run([refused, last]));
      assert.equal(error.code, 'DBB6022');
      assert.equal(error.message, 'tenant "bad" could not be stored: this client is refused by the project');
      const told = renderProblem(error.problems[0]);
      assert.match(told, /raised: ValueError at accounts\/models\.py:\d+/);
      assert.match(told, /not done: 1 of 2 tenants; the others are done/);
      assert.deepEqual(
        ends().map((end) => (end as unknown[]).slice(0, 2)),
        [
          ['bad', 'failed'],
          ['last', 'created'],
        ],
      );
      assert.equal((await plan([last])).action, 'up-to-date');
      const alone = await rejection(run([refused]));
      assert.match(renderProblem(alone.problems[0]), /not done: the tenant$/m);
      const other = { ...refused, schema: 'worse' };
      const both = await rejection(run([refused, other]));
      assert.match(renderProblem(both.problems[0]), /not done: all 2 tenants$/m);
    });

    it('takes no options that do not exist', () => {
      assert.equal(z.safeParse(kind.options, { updat: true }).success, false);
      assert.equal(z.safeParse(kind.options, { public: { domian: 'x' } }).success, false);
      assert.equal(z.safeParse(kind.options, { public: true }).success, false);
    });

    it('tells a project without django_tenants so', async () => {
      const plain = await openWholesale(set, { settings: 'wholesale.settings_plain', migrated: false });
      try {
        const error = await rejection(kind.run(wholesaleContext(plain, { kind, tenants: [acme] })));
        assert.equal(error.code, 'DBB6018');
        assert.match(error.message, /"django_tenants" is not in INSTALLED_APPS of wholesale\.settings_plain/);
      } finally {
        await plain.close();
      }
    });
  });
}
