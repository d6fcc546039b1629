import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { Workbench } from '../support/repairs.js';

const config = `
preset: sql
tasks:
  seed: { use: command, run: ["./my seed.sh"], cwd: tools, needs: [init] }
  sql: { use: sql, files: ["sql/*.sql"], needs: [init] }
`;

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

/** Files that end a run. */
const cases: readonly (readonly [what: string, code: string, name: string, text: string | Buffer])[] = [
  ['an init script of Windows', 'DBB5005', 'docker-entrypoint-initdb.d/1 set up.sh', 'echo 1\r\necho 2\r\n'],
  ['an init script in UTF-16', 'DBB5005', "docker-entrypoint-initdb.d/it's.sql", utf16('select 1;\n')],
  ['a script in UTF-16', 'DBB5004', 'sql/a b.sql', utf16('select 1;\n')],
  ['a script in Latin 1', 'DBB5004', 'sql/c.sql', Buffer.from("select 'gr\xfcn';\n", 'latin1')],
  ['a command of Windows', 'DBB5002', 'tools/my seed.sh', '#!/bin/sh\r\nexit 0\r\n'],
];

describe('repairs of scripts', function () {
  this.timeout(60_000);
  let project: ReturnType<typeof makeFolder>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let bench: Workbench;
  const good = '#!/bin/sh\nexit 0\n';
  const write = (name: string, text: string | Buffer): void => {
    project.write(name, text);
    chmodSync(join(project.folder, name), 0o755);
  };
  const isReady = async (): Promise<void> => {
    assert.deepEqual(await bench.tell('run'), { code: 0, problems: [] });
  };

  before(async () => {
    database = await createTestDatabase();
    project = makeFolder({ '.bootstraprc': config });
    bench = new Workbench(project.folder, database.url);
    write('tools/my seed.sh', good);
    project.write('sql/1.sql', 'create table item (id int primary key)');
    await isReady();
  });
  after(async () => {
    bench.close();
    project.remove();
    await database.drop();
  });

  for (const [what, code, name, text] of cases)
    it(`make ${what} run`, async () => {
      write(name, text);
      const { problems } = await bench.tell('run');
      assert.equal(problems[0]?.code, code);
      await bench.obey(problems[0].help ?? '');
      await isReady();
    });

  it('make a command executable, from the folder of the config', async () => {
    chmodSync(join(project.folder, 'tools/my seed.sh'), 0o644);
    const { problems } = await bench.tell('run');
    await bench.obey(problems[0]?.help ?? '');
    await isReady();
  });

  it('accept what has changed, or run it again', async () => {
    for (const [way, text] of [
      [1, 'create table item (id int primary key);'],
      [2, 'create table if not exists item (id int)'],
    ] as const) {
      project.write('sql/1.sql', text);
      const { problems } = await bench.tell('run');
      assert.equal(problems[0]?.code, 'DBB5023');
      const option = /--set \S+$/.exec(problems[0].help ?? '')?.[0] ?? '';
      if (way === 1) await bench.obey(problems[0].help ?? '', way);
      else assert.equal((await bench.tell('run', ...option.split(' '))).code, 0);
      await isReady();
    }
  });

  it('leave out what is for another server, or say where its data are', async () => {
    const ofMysql = 'docker-entrypoint-initdb.d/9.sql';
    write(ofMysql, 'create table a (id int auto_increment primary key);');
    await bench.obey((await bench.tell('run')).problems[0]?.help ?? '', 1);
    write(ofMysql, 'select 1');
    write('docker-entrypoint-initdb.d/9.sh', 'echo "# none" >> "$PGDATA/postgresql.conf"\n');
    const [{ help = '' } = {}] = (await bench.tell('run')).problems;
    assert.match(help, /or set PGDATA in the env of task "init"$/);
    const { code } = await bench.tell('run', '--set', `tasks.init.env.PGDATA=${project.folder}`);
    assert.equal(code, 0);
    await isReady();
  });

  it('remove what a killed proof left', async () => {
    await query(database.url, `create database ${database.name}_prove_abcdef`);
    const left = async (): Promise<readonly string[]> =>
      (await bench.tell('doctor')).problems
        .filter(({ message }) => message.includes('_prove_'))
        .map(({ help = '' }) => help);
    for (const help of await left()) await bench.obey(help);
    assert.deepEqual(await left(), []);
    const rows = await query(
      database.url,
      `select from pg_database where datname = '${database.name}_prove_abcdef'`,
    );
    assert.deepEqual(rows, []);
  });
});
