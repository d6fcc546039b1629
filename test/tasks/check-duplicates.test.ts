import assert from 'node:assert/strict';
import { found, openFleet, type Fleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check duplicates (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    const customer = (number: string, email: string): string =>
      `insert into "Grün & Co".customers_customer (number, name, email, credit_limit) values ('${number}', 'x', '${email}', 0)`;

    it('passes where the database knows all rules, whatever their indexes are called', async () => {
      await fleet.rows(
        'alter table acme.plants_plant rename constraint plants_plant_name_once to another_name',
      );
      await fleet.rows('alter index acme.customers_customer_email_once rename to yet_another_name');
      assert.deepEqual(await fleet.check('duplicates'), {
        changed: false,
        summary: 'all unique rules hold in 4 schemas',
        findings: [],
      });
    });

    it('finds a unique field whose constraint is lost, and then the rows that break it', async () => {
      const [key] = await fleet.rows<{ conname: string }>(
        `select conname from pg_constraint where conrelid = '"Grün & Co".customers_customer'::regclass and contype = 'u'`,
      );
      await fleet.rows(`alter table "Grün & Co".customers_customer drop constraint "${key?.conname ?? ''}"`);
      const place = { schema: 'Grün & Co', table: 'customers_customer', columns: 'number' };
      assert.deepEqual(found(await fleet.check('duplicates')), []);
      await fleet.rows(customer('N1', 'a@example.com'));
      await fleet.rows(customer('N1', 'b@example.com'));
      const result = await fleet.check('duplicates');
      assert.deepEqual(found(result), [['DBB6092', 'error', place]]);
      assert.equal(
        result.findings?.[0]?.message,
        '1 value of (number) occurs in 2 rows of table "customers_customer" in schema "Grün & Co", which may occur once, and no unique index forbids it',
      );
      const [, find = '', create = ''] =
        /find them: (.*); keep one of each, then run: (.*);$/.exec(result.findings[0].help ?? '') ?? [];
      assert.deepEqual(await fleet.rows(find), [{ number: 'N1', count: '2' }]);
      await fleet.rows(`delete from "Grün & Co".customers_customer where email = 'b@example.com'`);
      await fleet.rows(create);
      assert.deepEqual(found(await fleet.check('duplicates')), []);
    });

    it('finds a rule of an expression with a condition, and its rows', async () => {
      await fleet.rows('drop index "Grün & Co".customers_customer_email_once');
      await fleet.rows(customer('N2', 'Same@example.com'));
      await fleet.rows(customer('N3', 'same@example.com'));
      await fleet.rows(customer('N4', ''));
      await fleet.rows(customer('N5', ''));
      const result = await fleet.check('duplicates');
      assert.deepEqual(found(result), [
        [
          'DBB6092',
          'error',
          {
            schema: 'Grün & Co',
            table: 'customers_customer',
            rule: 'customers_customer_email_once',
            columns: 'LOWER("email")',
          },
        ],
      ]);
      assert.deepEqual([result.findings?.[0]?.facts?.values, result.findings?.[0]?.facts?.rows], [1, 2]);
      await fleet.rows(`delete from "Grün & Co".customers_customer where number = 'N3'`);
      await fleet.rows((result.findings?.[0]?.help ?? '').replace(/^.*then run: /, ''));
      assert.deepEqual(found(await fleet.check('duplicates')), []);
    });

    it('finds a rule of several columns, and knows that null is not the same as null', async () => {
      await fleet.rows('drop index zoo.contacts_contact_once_a_customer');
      await fleet.rows(
        `insert into zoo.contacts_contact (name, email, phone) values ('x', '', ''), ('x', '', '')`,
      );
      assert.deepEqual(found(await fleet.check('duplicates')), []);
    });
  });
}
