import assert from 'node:assert/strict';
import { checkDatabase, found } from '../support/fleet.js';
import { createTestDatabase, query } from '../support/postgres.js';

describe('check constraints', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const rows = (text: string): Promise<Record<string, unknown>[]> => query(database.url, text);
  const check = (): ReturnType<typeof checkDatabase> => checkDatabase(database.url, 'constraints');

  before(async () => {
    database = await createTestDatabase();
    await rows('create schema "Grün & Co"');
    await rows('create table "Grün & Co"."To" (id int primary key)');
    await rows('create table "Grün & Co"."From" (id int references "Grün & Co"."To", n int check (n > 0))');
  });
  after(() => database.drop());

  it('passes where all are valid', async () => {
    assert.deepEqual(await check(), { changed: false, summary: 'all constraints are valid', findings: [] });
  });

  it('finds one that was never validated, with the statement that does it', async () => {
    await rows('insert into "Grün & Co"."From" (n) values (1)');
    await rows('alter table "Grün & Co"."From" add constraint "Not ""here""" check (n < 9) not valid');
    const result = await check();
    assert.deepEqual(found(result), [
      ['DBB6085', 'error', { schema: 'Grün & Co', table: 'From', constraint: 'Not "here"' }],
    ]);
    await rows((result.findings?.[0]?.help ?? '').replace(/^run: /, ''));
    assert.deepEqual(found(await check()), []);
  });

  it('finds a foreign key whose triggers are switched off', async () => {
    await rows('alter table "Grün & Co"."From" disable trigger all');
    const result = await check();
    assert.deepEqual(found(result), [
      ['DBB6085', 'error', { schema: 'Grün & Co', table: 'From', constraint: 'From_id_fkey' }],
    ]);
    assert.match(result.findings?.[0]?.message ?? '', /is not enforced: its triggers are disabled$/);
    await rows((result.findings?.[0]?.help ?? '').replace(/^run: /, ''));
    assert.deepEqual(found(await check()), []);
  });
});
