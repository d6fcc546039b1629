import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { found, openFleet, type Fleet } from '../support/fleet.js';
import { openHost } from '../support/host.js';
import { djangoTask } from '../support/django-task.js';
import { checkOrphans } from '../../tasks/checks/orphans.js';
import type { TaskKind } from '../../config/define.js';
import { pythonSets } from '../support/python.js';

const kind = checkOrphans as unknown as TaskKind;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check orphans (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    it('passes where rows, schemas and domains belong together', async () => {
      assert.deepEqual(await fleet.check('orphans'), {
        changed: false,
        summary: 'rows, schemas and domains belong together',
        findings: [],
      });
    });

    it('finds a row without schema, and a schema without row', async () => {
      await fleet.rows('alter schema zoo rename to "Left ""over"""');
      const result = await fleet.check('orphans');
      assert.deepEqual(found(result), [
        ['DBB6019', 'error', { schema: 'zoo' }],
        ['DBB6020', 'warning', { schema: 'Left "over"' }],
      ]);
      assert.deepEqual(
        result.findings?.map(({ message }) => message),
        [
          'tenant "zoo" has a row, but no schema',
          'schema "Left "over"" holds migrations, but tenants_client has no row for it',
        ],
      );
      await fleet.rows('alter schema "Left ""over""" rename to zoo');
    });

    it('finds a domain without tenant, and deletes it only where a person has agreed', async () => {
      const [key] = await fleet.rows<{ conname: string }>(
        `select conname from pg_constraint where conrelid = 'tenants_domain'::regclass and contype = 'f'`,
      );
      await fleet.rows(`alter table tenants_domain drop constraint "${key?.conname ?? ''}"`);
      await fleet.rows(
        `insert into tenants_domain (domain, is_primary, tenant_id) values ('lost.example.com', true, 4711)`,
      );
      const result = await fleet.check('orphans');
      assert.deepEqual(found(result), [['DBB6091', 'error', { domain: 'lost.example.com' }]]);
      assert.equal(
        result.findings?.[0]?.message,
        'domain "lost.example.com" belongs to tenant 4711, which does not exist',
      );
      assert.deepEqual(await fleet.fix('orphans', false), []);
      assert.deepEqual(
        (await fleet.fix('orphans', true)).map(({ message }) => message),
        ['domain "lost.example.com" deleted'],
      );
      assert.deepEqual(found(await fleet.check('orphans')), []);
      assert.deepEqual(await fleet.fix('orphans', true), []);
      assert.deepEqual(await fleet.rows('select count(*)::int as n from tenants_domain'), [{ n: 3 }]);
    });

    it('takes no row for gone that row level security hides from the role, and deletes nothing then', async () => {
      const role = `hidden_${randomBytes(6).toString('hex')}`;
      const url = new URL(fleet.url);
      url.username = role;
      url.password = 'little-secret';
      const context = djangoTask({ ...fleet, url: url.href }, kind);
      await fleet.rows(
        `create role ${role} login password 'little-secret';
         grant select, delete on all tables in schema public to ${role};
         alter table tenants_client enable row level security`,
      );
      try {
        const result = await kind.run(context);
        // Its schemas are there: a tenant that is hidden would stay behind.
        assert.deepEqual(found(result), [['DBB6095', 'error', { table: 'tenants_client' }]]);
        assert.match(
          result.findings?.[0]?.message ?? '',
          new RegExp(
            `^row level security may hide rows of table "tenants_client" from role "${role}": schema "[^"]+" and \\d others? hold migrations`,
          ),
        );
        const superuser = djangoTask(fleet, kind);
        await fleet.rows(result.findings?.[0]?.help?.replace('run as a superuser: ', '') ?? '');
        assert.deepEqual(found(await kind.run(context)), found(await kind.run(superuser)));
        await fleet.rows(
          `alter role ${role} nobypassrls; create policy all_rows on tenants_client using (true)`,
        );
        assert.deepEqual(found(await kind.run(context)), [
          ['DBB6095', 'warning', { table: 'tenants_client' }],
        ]);
        await fleet.rows('drop policy all_rows on tenants_client');
        assert.match(result.summary, /cannot be known/);
        assert.deepEqual(await kind.fix?.(context, { confirmed: true }), []);
        assert.deepEqual(await fleet.rows('select count(*)::int as n from tenants_domain'), [{ n: 3 }]);
      } finally {
        await fleet.rows(
          `alter table tenants_client disable row level security; drop owned by ${role}; drop role ${role}`,
        );
      }
    });

    it('has nothing to say before the tables of tenants exist', async () => {
      const empty = await openHost({ directory: fleet.directory, settings: 'wholesale.settings.test', set });
      try {
        assert.deepEqual((await kind.run(djangoTask(empty, kind))).findings, []);
      } finally {
        await empty.close();
      }
    });
  });
}
