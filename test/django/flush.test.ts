import assert from 'node:assert/strict';
import type { Flushed } from '../../lib/django/index.js';
import { dump } from '../support/postgres.js';
import { pythonSets } from '../support/python.js';
import { openWholesale, type Wholesale } from '../support/wholesale.js';

const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

const user = `insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  values ('', false, $1, '', '', '', false, true, now()) returning id`;

for (const set of sets) {
  describe(`flush (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set);
      await project.host.request('ensureTenants', {
        update: false,
        plan: false,
        public: { domain: 'example.com', fields: { name: 'Public', plan: 1000 } },
        tenants: [
          { schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } },
          { schema: 'Grün & Co', domain: 'gruen.example.com', fields: { name: 'Grün', plan: 1000 } },
        ],
      });
      await project.manage('migrate_schemas', '--tenant', '-v0');
      await project.rows('create schema db_bootstrap');
      await project.rows('create table db_bootstrap.ledger as select 1 as kept');
      await project.rows('create table public.reports as select 2 as kept');
    });
    after(() => project.close());

    const flush = (plan: boolean, remains: Record<string, string> = {}): Promise<Flushed> =>
      project.host.request('flush', { plan, remains });
    const full = ({ schemas }: Flushed): unknown[] =>
      schemas.map(({ schema, tables, rows }) => [schema, tables, rows]);
    const count = async (table: string): Promise<number> =>
      Number((await project.rows(`select count(*) as n from ${table}`))[0]?.n);

    it('empties every schema, keeps tenants, and is up to date afterwards', async () => {
      await project.rows(user, ['nobody']);
      for (const schema of ['acme', '"Grün & Co"']) {
        await project.rows(
          `insert into ${schema}.stock_item (name, plan_id) values ('a', 1000), ('b', null)`,
        );
        await project.rows(`insert into ${schema}.stock_item_labels (item_id, label_id) values (1, 1)`);
      }
      const tenantRows = [
        await project.rows('select * from accounts_client order by id'),
        await project.rows('select * from accounts_domain order by id'),
      ];
      const types = await project.rows('select * from acme.django_content_type order by id');
      const migrations = await count('acme.django_migrations');
      const before = await dump(project.url);

      const planned = await flush(true);
      // One label of the data migration, two items, one pair; the default site is the public schema's own row.
      assert.deepEqual(full(planned), [
        ['acme', 3, 4],
        ['Grün & Co', 3, 4],
        ['public', 1, 1],
      ]);
      assert.equal(await dump(project.url), before, 'a plan changes nothing');

      const flushed = await flush(false);
      assert.deepEqual(full(flushed), full(planned));
      assert.deepEqual(flushed.dataMigrations, [
        { app: 'accounts', name: '0002_basic_plan' },
        { app: 'stock', name: '0002_labels' },
      ]);
      assert.deepEqual(flushed.kept, [
        { table: 'accounts_client', neededBy: null },
        { table: 'accounts_domain', neededBy: null },
        { table: 'accounts_plan', neededBy: 'accounts_client' },
        { table: 'auth_permission', neededBy: null },
        { table: 'auth_user', neededBy: 'accounts_client' },
        { table: 'django_content_type', neededBy: null },
      ]);
      for (const schema of ['acme', '"Grün & Co"'])
        for (const table of ['stock_item', 'stock_label', 'stock_item_labels'])
          assert.equal(await count(`${schema}.${table}`), 0, `${schema}.${table}`);
      assert.deepEqual(
        [
          await project.rows('select * from accounts_client order by id'),
          await project.rows('select * from accounts_domain order by id'),
        ],
        tenantRows,
      );
      assert.deepEqual(await project.rows('select * from acme.django_content_type order by id'), types);
      assert.equal(await count('acme.django_migrations'), migrations);
      assert.equal(await count('accounts_plan'), 1);
      assert.equal(await count('auth_user'), 1, 'the owner of a tenant may be any user');
      assert.equal(await count('db_bootstrap.ledger'), 1);
      assert.equal(await count('public.reports'), 1);

      const [item] = await project.rows(`insert into acme.stock_item (name) values ('c') returning id::int`);
      assert.equal(item?.id, 1, 'sequences are restarted');
      await project.rows('delete from acme.stock_item');

      // The site is made again by the project's own handler of post_migrate.
      assert.deepEqual(Object.keys(flushed.remains), ['public.django_site']);
      assert.deepEqual(full(await flush(true, flushed.remains)), [
        ['acme', 0, 0],
        ['Grün & Co', 0, 0],
        ['public', 0, 0],
      ]);
      await project.rows(`update django_site set name = 'changed'`);
      assert.deepEqual(full(await flush(true, flushed.remains)).at(2), ['public', 1, 1]);
    });

    it('makes content types and permissions that are missing', async () => {
      const wanted = [await count('acme.django_content_type'), await count('acme.auth_permission')];
      await project.rows('delete from acme.auth_permission');
      await project.rows('delete from acme.django_content_type');
      await flush(false);
      assert.deepEqual(
        [await count('acme.django_content_type'), await count('acme.auth_permission')],
        wanted,
      );
    });

    it('empties tables of the public schema that tenants refer to', async () => {
      // A session of its own table, referred to from each tenant by a key that PostgreSQL checks.
      await project.rows(`insert into auth_group (name) values ('readers')`);
      await project.rows('alter table acme.stock_item add group_id int references public.auth_group');
      await project.rows(
        `insert into acme.stock_item (name, group_id) values ('x', (select id from public.auth_group))`,
      );
      await flush(false);
      assert.equal(await count('public.auth_group'), 0);
      assert.equal(await count('acme.stock_item'), 0);
      const [group] = await project.rows(`insert into auth_group (name) values ('again') returning id`);
      assert.equal(group?.id, 1, 'sequences of deleted tables are restarted, too');
      await project.rows('alter table acme.stock_item drop column group_id');
    });

    it('refuses to touch what rows outside the models refer to', async () => {
      await project.rows(
        'create table public.foreign_notes (group_id int references auth_group on delete cascade)',
      );
      await project.rows('insert into public.foreign_notes select id from auth_group');
      await project.rows(`insert into acme.stock_item (name) values ('stays')`);
      const before = await dump(project.url);
      const refused = await flush(false);
      assert.deepEqual(refused.blocked, [{ table: 'public.foreign_notes', refersTo: 'public.auth_group' }]);
      assert.equal(await dump(project.url), before);
      await project.rows('delete from public.foreign_notes');
      assert.deepEqual((await flush(false)).blocked, []);
      assert.equal(await count('public.auth_group'), 0);
      await project.rows('drop table public.foreign_notes');
    });

    it('leaves a tenant alone that was never migrated', async () => {
      await project.host.request('ensureTenants', {
        update: false,
        plan: false,
        tenants: [{ schema: 'young', fields: { name: 'Young', plan: 1000 } }],
      });
      const types = await count('public.django_content_type');
      const flushed = await flush(false);
      assert.ok(flushed.schemas.some(({ schema, tables }) => schema === 'young' && tables === 0));
      assert.equal(await count('public.django_content_type'), types);
    });

    it('rolls a schema back where anything fails in it, and says which', async () => {
      await project.rows(`insert into acme.stock_item (name) values ('a')`);
      await project.rows(`insert into "Grün & Co".stock_item (name) values ('b')`);
      await project.rows(
        `create function public.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
      );
      await project.rows(
        `create trigger refuse before truncate on "Grün & Co".stock_item execute function public.refuse()`,
      );
      await assert.rejects(flush(false), /Grün & Co|no/);
      assert.equal(await count('acme.stock_item'), 0);
      assert.equal(await count('"Grün & Co".stock_item'), 1);
      await project.rows('drop function public.refuse() cascade');
      await flush(false);
      assert.equal(await count('"Grün & Co".stock_item'), 0);
    });
  });
}
