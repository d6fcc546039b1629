import assert from 'node:assert/strict';
import { found, openFleet, type Fleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check foreign-keys (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    const nameOf = async (table: string, column: string): Promise<string> => {
      const [row] = await fleet.rows<{ conname: string }>(
        `select conname from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
          where k.conrelid = $1::regclass and k.contype = 'f' and a.attname = $2`,
        [table, column],
      );
      return row?.conname ?? '';
    };
    /** Runs the statements that a finding names. */
    const obey = (help: string | undefined): Promise<unknown> =>
      fleet.rows((help ?? '').replace(/^.*?run: /, '').replace(/; then .*$/, ''));

    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    it('passes where all are as Django made them', async () => {
      assert.deepEqual(await fleet.check('foreign-keys'), {
        changed: false,
        summary: 'foreign keys lead where they should in 4 schemas',
        findings: [],
      });
    });

    it('finds one that leads into the schema of another tenant, and then the one that is missing', async () => {
      const name = await nameOf('"Grün & Co".carriers_rate', 'carrier_id');
      await fleet.rows(`alter table "Grün & Co".carriers_rate drop constraint "${name}"`);
      await fleet.rows(
        'alter table "Grün & Co".carriers_rate add constraint "To ""zoo""" foreign key (carrier_id) references zoo.carriers_carrier',
      );
      const crossing = await fleet.check('foreign-keys');
      const place = {
        schema: 'Grün & Co',
        table: 'carriers_rate',
        column: 'carrier_id',
        toTable: 'carriers_carrier',
      };
      assert.deepEqual(found(crossing), [
        ['DBB6087', 'error', { ...place, constraint: 'To "zoo"', toSchema: 'zoo' }],
      ]);
      await obey(crossing.findings?.[0]?.help);
      const { findings: missing = [] } = await fleet.check('tables');
      assert.deepEqual(
        missing.map(({ code, subject: { table, constraint } }) => [code, table, constraint]),
        [['DBB6098', 'carriers_rate', name]],
      );
      await obey(missing[0]?.help);
      assert.deepEqual(found(await fleet.check('tables')), []);
      assert.deepEqual(found(await fleet.check('foreign-keys')), []);
    });

    it('finds one that leads past the table of its own schema into the public one', async () => {
      const name = await nameOf('zoo.contacts_contact', 'looked_after_by_id');
      await fleet.rows(`alter table zoo.contacts_contact drop constraint "${name}"`);
      await fleet.rows(
        'alter table zoo.contacts_contact add constraint past foreign key (looked_after_by_id) references public.auth_user',
      );
      assert.deepEqual(
        found(await fleet.check('foreign-keys')).map(([code, , { schema, toSchema }]) => [
          code,
          schema,
          toSchema,
        ]),
        [['DBB6087', 'zoo', 'public']],
      );
      await fleet.rows('alter table zoo.contacts_contact drop constraint past');
      await fleet.rows(
        `alter table zoo.contacts_contact add constraint "${name}" foreign key (looked_after_by_id) references zoo.auth_user`,
      );
    });

    it('counts rows that refer to nothing, where the foreign key was never validated or is not there', async () => {
      const name = await nameOf('acme.carriers_rate', 'carrier_id');
      await fleet.rows(`alter table acme.carriers_rate drop constraint "${name}"`);
      await fleet.rows(
        'insert into acme.carriers_rate (carrier_id, up_to_kg, price) values (4711, 1, 1), (4711, 2, 1)',
      );
      const place = {
        schema: 'acme',
        table: 'carriers_rate',
        column: 'carrier_id',
        toTable: 'carriers_carrier',
      };
      assert.deepEqual(found(await fleet.check('foreign-keys')), [['DBB6089', 'error', place]]);
      await fleet.rows(
        `alter table acme.carriers_rate add constraint "${name}" foreign key (carrier_id) references acme.carriers_carrier deferrable initially deferred not valid`,
      );
      const result = await fleet.check('foreign-keys');
      assert.deepEqual(found(result), [['DBB6089', 'error', place]]);
      assert.equal(
        result.findings?.[0]?.message,
        '2 rows of table "carriers_rate" in schema "acme" refer by column "carrier_id" to rows of "carriers_carrier" that do not exist',
      );
      const [, select = ''] = /(select .*)$/.exec(result.findings[0].help ?? '') ?? [];
      assert.equal((await fleet.rows(select)).length, 2);
      await fleet.rows('delete from acme.carriers_rate');
      await fleet.rows(`alter table acme.carriers_rate validate constraint "${name}"`);
      assert.deepEqual(found(await fleet.check('foreign-keys')), []);
    });
  });
}
