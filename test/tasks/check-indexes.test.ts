import assert from 'node:assert/strict';
import { checkDatabase, found } from '../support/fleet.js';
import { createTestDatabase, query } from '../support/postgres.js';

describe('check indexes', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const rows = (text: string): Promise<Record<string, unknown>[]> => query(database.url, text);
  const check = (): ReturnType<typeof checkDatabase> => checkDatabase(database.url, 'indexes');

  before(async () => {
    database = await createTestDatabase();
    await rows('create schema "Grün & Co"');
    await rows('create table "Grün & Co"."T ""x""" (id int primary key, n int)');
    await rows('insert into "Grün & Co"."T ""x""" values (1, 1), (2, 1)');
  });
  after(() => database.drop());

  it('passes where all are valid', async () => {
    assert.deepEqual(await check(), { changed: false, summary: 'all indexes are valid', findings: [] });
  });

  it('finds what a failed CREATE INDEX CONCURRENTLY left, and says how to make it again', async () => {
    await assert.rejects(
      rows('create unique index concurrently "My ""Index""" on "Grün & Co"."T ""x""" (n)'),
      /duplicate|unique/,
    );
    const result = await check();
    assert.deepEqual(found(result), [
      ['DBB6086', 'error', { schema: 'Grün & Co', table: 'T "x"', index: 'My "Index"' }],
    ]);
    const [drop = '', create = ''] = (result.findings?.[0]?.help ?? '').replace(/^run: /, '').split('; ');
    assert.match(create, /^CREATE UNIQUE INDEX CONCURRENTLY "My ""Index""" ON "Grün & Co"/);
    await rows(drop);
    await rows('delete from "Grün & Co"."T ""x""" where id = 2');
    await rows(create);
    assert.deepEqual(found(await check()), []);
  });

  it('finds the index of a partitioned table that a partition lacks', async () => {
    await rows('create table parts (id int, n int) partition by range (id)');
    await rows('create table part1 partition of parts for values from (0) to (9)');
    await rows('create index parts_n on only parts (n)');
    const result = await check();
    assert.deepEqual(found(result), [
      ['DBB6086', 'error', { schema: 'public', table: 'parts', index: 'parts_n' }],
    ]);
    assert.match(result.findings?.[0]?.help ?? '', /attach partition/);
  });
});
