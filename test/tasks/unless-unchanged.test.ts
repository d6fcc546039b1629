import assert from 'node:assert/strict';
import type { Json } from '../../config/define.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { catalogStamp } from '../../tasks/checks/catalog-stamp.js';
import { unlessUnchanged } from '../../tasks/checks/unless-unchanged.js';
import { createTestDatabase } from '../support/postgres.js';
import { ledgerOver } from '../support/task-context.js';

describe('what a check remembers of an unchanged catalog', () => {
  let target: Awaited<ReturnType<typeof createTestDatabase>>;
  let database: Database;
  before(async () => {
    target = await createTestDatabase();
    database = new Database(resolveConnection(target.url, {}), { applicationName: 'db-bootstrap/test' });
    await database.query(
      `create schema a; create table a.t (id serial primary key, n int, m text not null default 'x');
       create table a.u (id int, t int); create index u_t on a.u (t); create view a.v as select n from a.t;
       create type a.mood as enum ('one'); create function a.f() returns int language sql as 'select 1'`,
    );
  });
  after(async () => {
    await database.close();
    await target.drop();
  });

  for (const change of [
    'alter table a.t rename column n to other',
    'alter table a.t alter column n set not null',
    'alter table a.t alter column m drop default',
    `alter table a.t alter column m set default 'y'`,
    'alter table a.u alter column t type bigint',
    'alter table a.t drop column n cascade',
    'alter table a.t rename to other',
    'alter table a.u add foreign key (t) references a.t not valid',
    'alter table a.u add check (id > 0)',
    'alter index a.u_t rename to other',
    'drop index a.u_t',
    'drop index a.u_t; create index u_t on a.u (t)',
    'alter sequence a.t_id_seq increment 2',
    'alter sequence a.t_id_seq owned by none',
    'create or replace view a.v as select n, m from a.t',
    'alter type a.mood rename to other',
    'alter function a.f() rename to other',
    'alter schema a rename to b',
    'create table a.w ()',
  ])
    it(`is of no use after: ${change}`, async () => {
      const before = await catalogStamp(database);
      await database.transaction(async (client) => {
        await client.query(change);
        assert.notEqual(await catalogStamp(client), before);
        await client.query('rollback; begin');
      });
      assert.equal(await catalogStamp(database), before, 'what was rolled back has left no trace');
    });

  it('holds through rows, statistics, vacuum and freezing', async () => {
    const before = await catalogStamp(database);
    await database.query(`insert into a.t (n) select generate_series(1, 1000)`);
    await database.query('delete from a.t where n > 500');
    await database.query('analyze');
    await database.query('vacuum freeze');
    await database.query('create temporary table gone (); drop table gone');
    assert.equal(await catalogStamp(database), before);
  });

  it('is that nothing was found, held against the same things, in whatever order their keys are', async () => {
    const ledger = ledgerOver(new Map<string, Json>());
    let looks = 0;
    const check = (against: object, faults: readonly string[]): Promise<unknown> =>
      unlessUnchanged({ database, ledger }, against, () => {
        looks++;
        return Promise.resolve(faults);
      });
    assert.deepEqual(await check({ a: 1, b: [2] }, ['fault']), ['fault']);
    assert.deepEqual(await check({ a: 1, b: [2] }, []), [], 'a fault is looked for again');
    assert.equal(await check({ b: [2], a: 1 }, ['never asked']), 'unchanged');
    assert.deepEqual(await check({ a: 1, b: [3] }, []), []);
    assert.equal(looks, 3);
    await database.query('alter table a.u alter column id set not null');
    assert.deepEqual(await check({ a: 1, b: [3] }, ['another']), ['another']);
  });
});
