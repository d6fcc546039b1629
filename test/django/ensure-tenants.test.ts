import assert from 'node:assert/strict';
import type { EnsuredTenants, TenantRows } from '../../lib/django/index.js';
import { pythonSets } from '../support/python.js';
import { openWholesale, type Wholesale } from '../support/wholesale.js';

const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`ensureTenants (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set);
    });
    after(() => project.close());

    const ask = (params: Record<string, unknown>): Promise<EnsuredTenants> =>
      project.host.request('ensureTenants', { update: false, plan: false, ...params });
    const ensure = async (...tenants: Record<string, unknown>[]): Promise<EnsuredTenants> => ask({ tenants });
    const summary = ({ tenants, problems }: EnsuredTenants): unknown => {
      assert.deepEqual(problems, []);
      return tenants.map(({ schema, status, done }) => [schema, status, ...done]);
    };
    const kinds = (answer: EnsuredTenants): unknown[] =>
      answer.problems.map(({ kind, schema, field, value, names, owner }) =>
        [kind, schema, field ?? names ?? owner, field === undefined ? undefined : value].filter(
          (part) => part !== undefined,
        ),
      );
    const tenant = async (schema: string): Promise<TenantRows['tenants'][number] | undefined> => {
      const { tenants } = await project.host.request<TenantRows>('tenants');
      return tenants.find((one) => one.schema === schema);
    };
    const fields = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
      name,
      plan: 1000,
      ...more,
    });
    /** All that a refused request must leave alone. */
    const snapshot = async (): Promise<unknown> => [
      await project.rows('select * from accounts_client order by id'),
      await project.rows('select * from accounts_domain order by id'),
      await project.rows('select nspname from pg_namespace order by 1'),
    ];

    it('makes row, domains and an empty schema, and finds them the second time', async () => {
      const wanted = {
        schema: 'acme',
        domain: 'acme.example.com',
        domains: ['acme.example.org'],
        fields: fields('Acme Ltd', { paid_until: '2030-01-31', discount: '1.5', options: { a: [1] } }),
        domainFields: { note: 'by config' },
      };
      const planned = await ask({ tenants: [wanted], plan: true });
      assert.equal(await tenant('acme'), undefined);
      const made = await ensure(wanted);
      assert.deepEqual(planned.tenants, made.tenants);
      assert.deepEqual(summary(made), [
        ['acme', 'created', 'schema', 'row', 'domain acme.example.com', 'domain acme.example.org'],
      ]);
      assert.deepEqual(await tenant('acme'), {
        schema: 'acme',
        domains: ['acme.example.com', 'acme.example.org'],
        primary: 'acme.example.com',
        schemaExists: true,
        type: null,
      });
      const rows = await project.rows(
        `select name, plan_id::int, slug, discount::text, options, paid_until::text, size from accounts_client where schema_name = 'acme'`,
      );
      assert.deepEqual(rows, [
        {
          name: 'Acme Ltd',
          plan_id: 1000,
          // By the project's own save().
          slug: 'acme-ltd',
          discount: '1.50',
          options: { a: [1] },
          paid_until: '2030-01-31',
          size: 'large',
        },
      ]);
      assert.deepEqual(await project.rows(`select note from accounts_domain where note <> ''`), [
        { note: 'by config' },
        { note: 'by config' },
      ]);
      assert.deepEqual(
        await project.rows(`select relname from pg_class where relnamespace = 'acme'::regnamespace`),
        [],
        'the schema is empty: nothing was migrated',
      );
      assert.deepEqual(summary(await ensure(wanted)), [['acme', 'unchanged']]);
    });

    it('repairs every half-way state', async () => {
      const wanted = { schema: 'half', domain: 'half.example.com', fields: fields('Half') };
      await ensure(wanted);

      await project.rows('drop schema half');
      assert.deepEqual(summary(await ensure(wanted)), [['half', 'changed', 'schema']]);

      await project.rows(`delete from accounts_domain where domain like 'half%'`);
      assert.deepEqual(summary(await ensure(wanted)), [['half', 'changed', 'domain half.example.com']]);

      await project.rows('drop schema half');
      await project.rows(`delete from accounts_domain where domain like 'half%'`);
      assert.deepEqual(summary(await ensure(wanted)), [
        ['half', 'changed', 'schema', 'domain half.example.com'],
      ]);

      await project.rows(`delete from accounts_domain where domain like 'half%'`);
      await project.rows(`delete from accounts_client where schema_name = 'half'`);
      await project.rows('create table half.kept (id int)');
      assert.deepEqual(summary(await ensure(wanted)), [
        ['half', 'created', 'row', 'adopted the schema that was there', 'domain half.example.com'],
      ]);
      assert.equal(
        (await project.rows(`select to_regclass('half.kept')::text as name`))[0]?.name,
        'half.kept',
      );

      await project.rows(`update accounts_domain set is_primary = false where domain like 'half%'`);
      assert.deepEqual(summary(await ensure(wanted)), [
        ['half', 'changed', 'primary domain half.example.com'],
      ]);
      assert.deepEqual(summary(await ensure(wanted)), [['half', 'unchanged']]);
    });

    it("makes another domain the primary one and keeps the tenant's others", async () => {
      await ensure({ schema: 'moved', domain: 'old.example.com', fields: fields('Moved') });
      const answer = await ensure({ schema: 'moved', domain: 'new.example.com' });
      assert.deepEqual(summary(answer), [['moved', 'changed', 'domain new.example.com']]);
      assert.deepEqual(await tenant('moved'), {
        schema: 'moved',
        domains: ['old.example.com', 'new.example.com'],
        primary: 'new.example.com',
        schemaExists: true,
        type: null,
      });
    });

    it('changes fields of a tenant only with update', async () => {
      const before = { schema: 'upd', domain: 'upd.example.com', fields: fields('Before', { number: 5 }) };
      await ensure(before);
      const wanted = {
        ...before,
        fields: fields('After', { number: 5, discount: 2 }),
        domainFields: { note: 'n' },
      };
      const kept = await ensure(wanted);
      assert.deepEqual(summary(kept), [['upd', 'unchanged']]);
      assert.deepEqual(kept.tenants[0]?.kept, ['name', 'discount']);
      const changed = await ask({ tenants: [wanted], update: true });
      assert.deepEqual(summary(changed), [
        ['upd', 'changed', 'field name', 'field discount', 'field note of domain upd.example.com'],
      ]);
      assert.deepEqual(
        await project.rows(
          `select name, slug, discount::text from accounts_client where schema_name = 'upd'`,
        ),
        [{ name: 'After', slug: 'after', discount: '2.00' }],
      );
      assert.deepEqual(summary(await ask({ tenants: [wanted], update: true })), [['upd', 'unchanged']]);
    });

    it('refuses all wrong fields at once, by name, before any change', async () => {
      const before = await snapshot();
      const answer = await ensure(
        { schema: 'good', domain: 'good.example.com', fields: fields('Good') },
        {
          schema: 'bad',
          domain: 'bad.example.com',
          fields: { nmae: 'x', number: 'many', plan: 7, size: 'huge' },
        },
        {
          schema: 'worse',
          fields: fields('W', { schema_name: 'x', discount: -1, paid_until: 'soon', id: 1 }),
        },
        {
          schema: 'worst',
          domain: 'd'.repeat(300),
          fields: { name: { a: 1 }, plan_id: 'x' },
          domainFields: { port: 1 },
        },
      );
      assert.deepEqual(kinds(answer), [
        ['field-unknown', 'bad', 'nmae', '"x"'],
        ['field-value', 'bad', 'number', '"many"'],
        ['field-value', 'bad', 'plan', '7'],
        ['field-value', 'bad', 'size', '"huge"'],
        ['field-unknown', 'worse', 'schema_name', '"x"'],
        ['field-value', 'worse', 'discount', '-1'],
        ['field-value', 'worse', 'paid_until', '"soon"'],
        ['field-unknown', 'worse', 'id', '1'],
        ['field-value', 'worst', 'name', '{"a": 1}'],
        ['field-value', 'worst', 'plan_id', '"x"'],
        ['field-unknown', 'worst', 'port', '1'],
        ['field-value', 'worst', 'domain', `"${'d'.repeat(76)}...`],
        ['field-missing', 'bad', ['name']],
      ]);
      const unknown = answer.problems[0];
      assert.equal(unknown?.model, 'accounts.Client');
      assert.deepEqual(
        unknown.valid?.map(({ name, type, required }) => [name, type, required]),
        [
          ['name', 'CharField', true],
          ['number', 'PositiveIntegerField', false],
          ['plan', 'ForeignKey', true],
          ['owner', 'ForeignKey', false],
          ['size', 'CharField', false],
          ['paid_until', 'DateField', false],
          ['discount', 'DecimalField', false],
          ['options', 'JSONField', false],
          ['slug', 'SlugField', false],
        ],
      );
      assert.deepEqual(await snapshot(), before);
    });

    it('asks for required fields only where a row will be made', async () => {
      const before = await snapshot();
      assert.deepEqual(kinds(await ensure({ schema: 'bare', domain: 'bare.example.com' })), [
        ['field-missing', 'bare', ['name', 'plan']],
      ]);
      assert.deepEqual(await snapshot(), before);
      await ensure({ schema: 'bare', domain: 'bare.example.com', fields: fields('Bare') });
      assert.deepEqual(summary(await ensure({ schema: 'bare', domain: 'bare.example.com' })), [
        ['bare', 'unchanged'],
      ]);
    });

    it('refuses domains and unique values of other tenants, naming both', async () => {
      await ensure({ schema: 'first', domain: 'first.example.com', fields: fields('First', { number: 1 }) });
      const before = await snapshot();
      const answer = await ensure(
        { schema: 'second', domain: 'first.example.com', fields: fields('Second', { number: 1 }) },
        { schema: 'third', domain: 'third.example.com', fields: fields('Third', { number: 3 }) },
        { schema: 'fourth', domains: ['third.example.com'], fields: fields('Fourth', { number: 3 }) },
      );
      assert.deepEqual(kinds(answer), [
        ['domain-taken', 'fourth', 'third'],
        ['domain-taken', 'second', 'first'],
        ['field-value', 'second', 'number', '1'],
        ['field-value', 'fourth', 'number', '3'],
      ]);
      assert.match(answer.problems[2]?.message ?? '', /Tenant "first" has it/);
      assert.deepEqual(await snapshot(), before);
    });

    it('takes ugly schema names as they are', async () => {
      const names = [
        'Acme',
        'acme-2',
        'ac me',
        'grün',
        '日本',
        '1st',
        'a%b',
        'x'.repeat(63),
        'select',
        'a.b',
        '$1',
      ];
      const tenants = names.map((schema, index) => ({
        schema,
        domain: `ugly${index}.example.com`,
        fields: fields(`Ugly ${index}`),
      }));
      // "acme" exists already: newer versions refuse a name that differs from another's only in case.
      const wanted = set === 'old' ? tenants : tenants.slice(1);
      const answer = await ensure(...wanted);
      assert.deepEqual(
        answer.tenants.map(({ schema, status }) => [schema, status]),
        wanted.map(({ schema }) => [schema, 'created']),
      );
      const schemas = await project.rows<{ nspname: string }>('select nspname from pg_namespace');
      for (const { schema } of wanted)
        assert.ok(
          schemas.some(({ nspname }) => nspname === schema),
          schema,
        );
      assert.deepEqual(
        (await ensure(...wanted)).tenants.map(({ status }) => status),
        wanted.map(() => 'unchanged'),
      );
      if (set === 'new') {
        const refused = await ensure(...tenants.slice(0, 1));
        assert.match(refused.problems[0]?.message ?? '', /"acme", only in case/);
      }
    });

    it('refuses schema names that could not be kept or quoted', async () => {
      const before = await snapshot();
      const names = [
        '',
        'a"b',
        "a'b",
        'a\\b',
        'a;b',
        'a,b',
        'a\nb',
        'a\u0000b',
        ' a',
        'a ',
        'pg_x',
        'PG_y',
        'information_schema',
        'db_bootstrap',
        'x'.repeat(64),
        'ä'.repeat(32),
      ];
      const answer = await ensure(...names.map((schema) => ({ schema, fields: fields('N') })));
      assert.deepEqual(
        answer.problems.map(({ kind, schema }) => [kind, schema]),
        names.map((schema) => ['schema-name', schema]),
      );
      assert.match(answer.problems.at(-1)?.message ?? '', /64 bytes/);
      assert.deepEqual(await snapshot(), before);
    });

    it('refuses a schema that is configured twice', async () => {
      const answer = await ensure(
        { schema: 'twice', fields: fields('A') },
        { schema: 'twice', fields: fields('B') },
      );
      assert.deepEqual(kinds(answer), [['schema-name', 'twice']]);
    });

    it('rolls a failing tenant back as a whole, and goes on with the others', async () => {
      const ended: unknown[] = [];
      const answer = await project.host.request<EnsuredTenants>(
        'ensureTenants',
        {
          update: false,
          plan: false,
          tenants: [
            { schema: 'refused', domain: 'refused.example.com', fields: fields('refuse me') },
            { schema: 'taken', domain: 'taken.example.com', fields: fields('Taken') },
          ],
        },
        (event) => ended.push([event.schema, event.status]),
      );
      assert.deepEqual(ended, [
        ['refused', 'failed'],
        ['taken', 'created'],
      ]);
      assert.deepEqual(kinds(answer), [['failed', 'refused']]);
      assert.equal(answer.problems[0]?.message, 'this client is refused by the project');
      assert.deepEqual(await project.rows(`select from pg_namespace where nspname = 'refused'`), []);
      assert.deepEqual(await project.rows(`select from accounts_domain where domain like 'refused%'`), []);
    });

    it("lets the project's signals do their work, and leaves the schema empty all the same", async () => {
      assert.deepEqual(summary(await ensure({ schema: 'signalled', fields: fields('signal me') })), [
        ['signalled', 'created', 'schema', 'row'],
      ]);
      assert.equal(
        (await project.rows(`select from accounts_plan where name = 'made by post_save'`)).length,
        1,
      );
      assert.deepEqual(
        await project.rows(`select from pg_class where relnamespace = 'signalled'::regnamespace`),
        [],
      );
    });

    it("takes a domain that a listener to the row's signals has made, and makes it what the config says", async () => {
      const wanted = {
        schema: 'given',
        domain: 'given.example.com',
        domains: ['www.given.example.com'],
        domainFields: { note: 'wanted' },
        fields: fields('give me a domain'),
      };
      assert.deepEqual(summary(await ensure(wanted)), [
        ['given', 'created', 'schema', 'row', 'domain given.example.com', 'domain www.given.example.com'],
      ]);
      assert.deepEqual(
        await project.rows(
          `select domain, is_primary, note from accounts_domain where domain like '%given.example.com' order by 1`,
        ),
        [
          { domain: 'given.example.com', is_primary: true, note: 'wanted' },
          { domain: 'www.given.example.com', is_primary: false, note: 'wanted' },
        ],
      );
      assert.deepEqual(summary(await ensure(wanted)), [['given', 'unchanged']]);
    });

    it('ensures the public tenant and leaves the public schema alone', async () => {
      const wanted = { domain: 'example.com', fields: fields('Public') };
      assert.deepEqual(summary(await ask({ tenants: [], public: wanted })), [
        ['public', 'created', 'row', 'domain example.com'],
      ]);
      assert.deepEqual(summary(await ask({ tenants: [], public: wanted })), [['public', 'unchanged']]);
      assert.deepEqual(
        summary(await ensure({ schema: 'public', domain: 'example.com', fields: wanted.fields })),
        [['public', 'unchanged']],
      );
    });

    it('is safe beside another process that does the same', async () => {
      const other = await openWholesale(set, { database: project.url });
      try {
        const tenants = Array.from({ length: 8 }, (_, index) => ({
          schema: `race${index}`,
          domain: `race${index}.example.com`,
          fields: fields(`Race ${index}`),
        }));
        const answers = await Promise.all([
          ensure(...tenants),
          other.host.request<EnsuredTenants>('ensureTenants', { tenants, update: false, plan: false }),
        ]);
        for (const { problems } of answers) assert.deepEqual(problems, []);
        for (const [index, { schema }] of tenants.entries()) {
          const both = answers.map((answer) => answer.tenants[index]?.status).sort();
          assert.deepEqual(both, ['created', 'unchanged'], schema);
        }
      } finally {
        await other.close();
      }
    });
  });

  describe(`ensureTenants on an empty database (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set, { migrated: false });
    });
    after(() => project.close());

    it('says which table is missing, and still finds wrong fields', async () => {
      const answer = await project.host.request<EnsuredTenants>('ensureTenants', {
        tenants: [{ schema: 'a', fields: { nmae: 'x', plan: 7 } }],
        update: false,
        plan: true,
      });
      assert.equal(answer.missing, 'table "accounts_client" does not exist');
      assert.deepEqual(
        answer.problems.map(({ kind, field }) => [kind, field]),
        [['field-unknown', 'nmae']],
      );
      assert.deepEqual(await project.host.request('tenants'), {
        tenants: [],
        orphans: [],
        missing: 'table "accounts_client" does not exist',
      });
    });
  });

  describe(`ensureTenants with tenants of several types (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set, { settings: 'wholesale.settings_types' });
    });
    after(() => project.close());

    it('takes the type as a field, and no type that does not exist', async () => {
      const ensure = (size: string): Promise<EnsuredTenants> =>
        project.host.request('ensureTenants', {
          tenants: [{ schema: 'typed', fields: { name: 'T', plan: 1000, size } }],
          update: false,
          plan: false,
        });
      const refused = await ensure('enormous');
      assert.deepEqual(
        refused.problems.map(({ kind, field }) => [kind, field]),
        [['field-value', 'size']],
      );
      assert.deepEqual((await ensure('small')).problems, []);
      const { tenants } = await project.host.request<TenantRows>('tenants');
      assert.deepEqual(
        tenants.map(({ schema, type }) => [schema, type]),
        [['typed', 'small']],
      );
    });
  });
}
