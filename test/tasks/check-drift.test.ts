import assert from 'node:assert/strict';
import { Database, digestSchemas, resolveConnection } from '../../lib/postgres/index.js';
import { found, openFleet, type Fleet } from '../support/fleet.js';
import { createTestDatabase } from '../support/postgres.js';
import { pythonSets } from '../support/python.js';

describe('fingerprints of schemas', () => {
  it('are the same whatever the schema is called, and others where an object differs', async () => {
    const database = await createTestDatabase();
    const connection = new Database(resolveConnection(database.url, {}), {
      applicationName: 'db-bootstrap/test',
    });
    const names = ['a', `O'Brien "Ä" & Co`, 'C.d', 'Weiß (2) [x]'];
    try {
      for (const name of names) {
        await connection.transaction(async (client) => {
          const quoted = `"${name.replaceAll('"', '""')}"`;
          await client.query(`create schema ${quoted}`);
          await client.query(`set local search_path to ${quoted}`);
          await client.query(`create type mood as enum ('data.a', 'b')`);
          await client.query(
            `create table "To" (id serial primary key, "Data" text check ("Data" <> 'data.a.b'))`,
          );
          await client.query(
            `create table f (id int references "To" (id), m mood default 'b', g int generated always as (id + 1) stored)`,
          );
          await client.query(`create index f_part on f ((id + 1)) where m = 'b'`);
          await client.query('create view v as select id from f');
        });
      }
      const digests = async (): Promise<number> =>
        new Set([...(await digestSchemas(connection, names)).values()].map(({ digest }) => digest)).size;
      assert.equal(await digests(), 1);
      for (const change of [
        'alter table a.f alter column id set not null',
        'alter table a."To" alter column id drop default',
        'alter sequence a."To_id_seq" increment 2',
        'drop index a.f_part',
      ]) {
        await connection.query('begin');
        await connection.query(change);
        assert.equal(await digests(), 2, change);
        await connection.query('rollback');
      }
    } finally {
      await connection.close();
      await database.drop();
    }
  });
});

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check drift (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    /** Does something to one tenant, checks, and undoes it. */
    const afterChange = async (
      change: string,
      undo: string,
    ): Promise<Awaited<ReturnType<Fleet['check']>>> => {
      await fleet.rows(change);
      const result = await fleet.check('drift');
      await fleet.rows(undo);
      return result;
    };

    it('passes where all tenants are as Django made them', async () => {
      assert.deepEqual(await fleet.check('drift'), {
        changed: false,
        summary: 'no difference between 3 tenants in 1 state',
        findings: [],
      });
    });

    it('passes where a sequence gives the same values in another type, as those of clones do', async () => {
      const sequence = 'zoo.auth_group_id_seq';
      await fleet.rows(`alter sequence ${sequence} as bigint maxvalue 2147483647`);
      assert.deepEqual(found(await fleet.check('drift')), []);
      await fleet.rows(`alter sequence ${sequence} as integer`);
    });

    it('finds an index and a constraint that one tenant lost, and how to make them again', async () => {
      await fleet.rows('drop index "Grün & Co".carriers_active_name');
      await fleet.rows('alter table "Grün & Co".plants_plant drop constraint plants_plant_name_once');
      const result = await fleet.check('drift');
      assert.deepEqual(found(result), [
        [
          'DBB6081',
          'error',
          {
            schema: 'Grün & Co',
            table: 'carriers_carrier',
            index: 'carriers_active_name',
            reference: 'acme',
          },
        ],
        [
          'DBB6081',
          'error',
          {
            schema: 'Grün & Co',
            table: 'plants_plant',
            constraint: 'plants_plant_name_once',
            reference: 'acme',
          },
        ],
      ]);
      assert.equal(
        result.findings?.[0]?.message,
        'schema "Grün & Co" has no index "carriers_active_name" of table "carriers_carrier", which schema "acme" has in the same state',
      );
      for (const { help = '' } of result.findings) await fleet.rows(help.replace(/^run: /, ''));
      assert.deepEqual(found(await fleet.check('drift')), []);
    });

    it('tells a lost column or table alone, without what went with it', async () => {
      assert.deepEqual(
        found(
          await afterChange(
            'alter table zoo.contacts_contact rename column name to title',
            'alter table zoo.contacts_contact rename column title to name',
          ),
        ).map(([code, , { column }]) => [code, column]),
        [
          ['DBB6081', 'name'],
          ['DBB6081', 'title'],
        ],
      );
      assert.deepEqual(
        found(
          await afterChange(
            'alter table zoo.carriers_rate set schema public',
            'alter table public.carriers_rate set schema zoo',
          ),
        ),
        [['DBB6081', 'error', { schema: 'zoo', table: 'carriers_rate', reference: 'Grün & Co' }]],
      );
    });

    it('tells both sides of a type, a default and a sequence that differ', async () => {
      const result = await afterChange(
        `alter table zoo.carriers_carrier alter column name set default 'x';
         alter table zoo.carriers_carrier alter column active drop not null;
         alter sequence zoo.carriers_rate_id_seq increment 5`,
        `alter table zoo.carriers_carrier alter column name drop default;
         alter table zoo.carriers_carrier alter column active set not null;
         alter sequence zoo.carriers_rate_id_seq increment 1`,
      );
      assert.deepEqual(
        result.findings
          ?.map(({ message }) =>
            message.replace(/ minvalue.* cache 1"/, '…"').replace(/ minvalue.* cache 1"/, '…"'),
          )
          .slice(0, 2),
        [
          'column "active" of table "carriers_carrier" in schema "zoo" is "boolean", and "boolean not null" in schema "Grün & Co" in the same state',
          `column "name" of table "carriers_carrier" in schema "zoo" is "character varying(200) not null default 'x'::character varying", and "character varying(200) not null" in schema "Grün & Co" in the same state`,
        ],
      );
      assert.match(
        result.findings[2]?.message ?? '',
        /^sequence of column "id" of table "carriers_rate" in schema "zoo" is "increment 5/,
      );
      assert.equal(result.findings.length, 3);
    });

    it('passes where PostgreSQL treats both alike: other names, serial against identity', async () => {
      const result = await afterChange(
        `alter table zoo.plants_plant rename constraint plants_plant_name_once to plants_plant_supplier_id_name_key;
         alter index zoo.carriers_active_name rename to other_name;
         alter table zoo.carriers_rate alter id drop identity if exists;
         create sequence zoo.serial owned by zoo.carriers_rate.id;
         alter table zoo.carriers_rate alter id set default nextval('zoo.serial')`,
        `alter table zoo.plants_plant rename constraint plants_plant_supplier_id_name_key to plants_plant_name_once;
         alter index zoo.other_name rename to carriers_active_name`,
      );
      assert.deepEqual(found(result), []);
    });

    it('takes a table beside the models for a warning', async () => {
      const result = await afterChange(
        'create table zoo.backup_of_something (id int)',
        'drop table zoo.backup_of_something',
      );
      assert.deepEqual(found(result), [
        ['DBB6081', 'warning', { schema: 'zoo', table: 'backup_of_something', reference: 'Grün & Co' }],
      ]);
    });

    it('takes a table beside the models for a warning also where most tenants have it', async () => {
      const result = await afterChange(
        `create table acme.extra (id serial, n int); create table "Grün & Co".extra (id serial, n int)`,
        `drop table acme.extra; drop table "Grün & Co".extra`,
      );
      assert.deepEqual(found(result), [
        ['DBB6081', 'warning', { schema: 'zoo', table: 'extra', reference: 'Grün & Co' }],
      ]);
    });

    it('compares only tenants that have recorded the same', async () => {
      const result = await afterChange(
        `delete from zoo.django_migrations where app = 'contacts' and name like '0003%'; drop index zoo.contacts_name_email`,
        `insert into zoo.django_migrations (app, name, applied) select app, name, applied from acme.django_migrations where app = 'contacts' and name like '0003%';
         create index contacts_name_email on zoo.contacts_contact (name, email)`,
      );
      assert.deepEqual([found(result), result.summary], [[], 'no difference between 3 tenants in 2 states']);
    });
  });
}
