import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bootstrap, copyExample, type Ended } from '../support/command.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { Workbench } from '../support/repairs.js';
import { virtualEnv } from '../support/python.js';

const run = promisify(execFile);

describe('what check finds', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let bench: Workbench;
  const command = (...args: string[]): Promise<Ended> =>
    bootstrap(args, { cwd: project.folder, env: { DATABASE_URL: database.url } });
  const manage = (...args: string[]): Promise<unknown> =>
    run('.venv/bin/python', ['manage.py', ...args, '-v0'], {
      cwd: project.folder,
      env: { ...process.env, DATABASE_URL: database.url, DJANGO_SETTINGS_MODULE: 'wholesale.settings.test' },
    });
  const headlines = ({ stdout }: Ended): readonly string[] =>
    stdout.split('\n').filter((line) => /^(?:error|warning)\[|^ {2}follows:/.test(line));

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('new'));
    database = await createTestDatabase();
    const ended = await command('--skip', 'venv');
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    bench = new Workbench(project.folder, database.url);
  });
  after(async () => {
    bench.close();
    await database.drop();
    project.remove();
  });

  /** Independent of each other: all are there at once, and one round of repairs for each code leaves nothing. */
  const damages: readonly (readonly [code: string, damage: string])[] = [
    ['DBB6021', `delete from tenants_domain where domain = 'shop.example.com'`],
    [
      'DBB6080',
      `insert into corner_shop.carriers_carrier (id, code, name, tracking_url, active) values (999, 'far', 'Far', '', true)`,
    ],
    ['DBB6082', `delete from test_tenant.auth_permission where codename = 'view_carrier'`],
    [
      'DBB6084',
      `set session_replication_role = replica;
       insert into corner_shop.auth_permission (name, content_type_id, codename) values ('Lost', 4711, 'lost');
       set session_replication_role = origin`,
    ],
    [
      'DBB6085',
      `alter table test_tenant.carriers_rate drop constraint carriers_rate_up_to_kg_check, add constraint carriers_rate_up_to_kg_check check (up_to_kg >= 0) not valid`,
    ],
    [
      'DBB6086',
      `update pg_index set indisvalid = false where indexrelid = 'test_tenant.carriers_active_name'::regclass`,
    ],
    [
      'DBB6087',
      `do $$ declare k name; begin
         delete from corner_shop.carriers_rate;
         select conname into k from pg_constraint where conrelid = 'corner_shop.carriers_rate'::regclass and contype = 'f';
         execute format('alter table corner_shop.carriers_rate drop constraint %I', k);
         alter table corner_shop.carriers_rate add constraint beyond foreign key (carrier_id) references test_tenant.carriers_carrier;
       end $$`,
    ],
    [
      'DBB6091',
      `set session_replication_role = replica; insert into tenants_domain (domain, is_primary, tenant_id) values ('gone.example.com', true, 9999); set session_replication_role = origin`,
    ],
    ['DBB6098', 'alter table test_tenant.carriers_carrier alter column name drop not null'],
    ['DBB5013', 'drop extension pg_trgm'],
  ];

  it('is gone once each repair was done as it is printed, and the next run is ready', async () => {
    for (const [, damage] of damages) await query(database.url, damage);
    const codes = new Set(damages.map(([code]) => code));
    const told = async (): Promise<ReadonlyMap<string, string>> => {
      const { problems } = await bench.tell('check');
      return new Map(
        problems.filter(({ code }) => codes.has(code)).map(({ code, help = '' }) => [help, code]),
      );
    };
    const found = await told();
    assert.deepEqual([...new Set(found.values())].sort(), [...codes].sort());
    for (const [help] of found) await bench.obey(help);
    // The right foreign key can be told once the wrong one is gone.
    for (const [help] of await told()) await bench.obey(help);
    const last = await bench.tell('run', '--skip', 'venv');
    assert.deepEqual([last.code, last.problems], [0, []]);
  });

  it('is the migration that is not applied, and not the tables and columns that it would make', async () => {
    await manage('migrate_schemas', '--tenant', 'carriers', '0001');
    const checked = await command('check');
    assert.equal(checked.code, 3);
    assert.deepEqual(headlines(checked), [
      'error[DBB6013]: schema "test_tenant" has 3 migrations that are not applied: carriers.0002_carrier_tracking_url_max_weight_active, carriers.0003_rate, carriers.0004_own_collection',
      '  follows: column "tracking_url" of table "carriers_carrier" does not exist in schema "test_tenant": migration carriers.0002, which makes it, is not applied',
      '  follows: column "max_weight_kg" of table "carriers_carrier" does not exist in schema "test_tenant": migration carriers.0002, which makes it, is not applied',
      '  follows: column "active" of table "carriers_carrier" does not exist in schema "test_tenant": migration carriers.0002, which makes it, is not applied',
      '  follows: table "carriers_rate" does not exist in schema "test_tenant": migration carriers.0003, which makes it, is not applied',
    ]);
    assert.match(checked.stdout, /^ {2}the same in: "corner_shop"$/m);
    assert.match(checked.stdout, /^FAILED {2}tables: /m);
    await manage('migrate_schemas', '--tenant');
  });

  it('is the schema of a configured tenant that is lost, and the printed run makes it', async () => {
    await query(database.url, 'drop schema corner_shop cascade');
    const { problems } = await bench.tell('check');
    const lost = problems.find(({ code }) => code === 'DBB6019');
    assert.match(lost?.message ?? '', /^tenant "corner_shop" has a row, but no schema/);
    await bench.obey(lost?.help ?? '');
    assert.deepEqual(await bench.tell('check'), { code: 0, problems: [] });
  });

  it('is the table that is lost, and not that another tenant has it', async () => {
    await query(database.url, 'drop table corner_shop.carriers_rate');
    assert.deepEqual(headlines(await command('check')), [
      'error[DBB6012]: schema "corner_shop" records migration carriers.0003 as applied, but table "carriers_rate" does not exist',
      '  follows: schema "corner_shop" has no table "carriers_rate", which schema "test_tenant" has in the same state',
    ]);
  });

  it('is the rule of the models that a tenant lacks, or what was left half done in it', async () => {
    await manage('migrate_schemas', '--schema=corner_shop', '--fake', 'carriers', '0002');
    await manage('migrate_schemas', '--schema=corner_shop', 'carriers');
    const [rule] = await query<{ name: string }>(
      database.url,
      `select conname as name from pg_constraint where conrelid = 'corner_shop.carriers_carrier'::regclass and contype = 'u'`,
    );
    await query(database.url, `alter table corner_shop.carriers_carrier drop constraint ${rule?.name ?? ''}`);
    await query(
      database.url,
      `insert into corner_shop.carriers_carrier (code, name, tracking_url, active) values ('A1', 'twice', '', true), ('A2', 'twice', '', true)`,
    );
    await assert.rejects(
      query(database.url, 'create unique index concurrently half on corner_shop.carriers_carrier (name)'),
    );
    const told = headlines(await command('check')).map((line) => line.replace(/:.*? (?=")/, ': … '));
    assert.deepEqual(
      told.filter((line) => !line.startsWith('  ')).map((line) => line.slice(0, line.indexOf(']') + 1)),
      ['error[DBB6098]', 'error[DBB6086]'],
      told.join('\n'),
    );
    assert.equal(told.filter((line) => line.startsWith('  follows')).length, 2);
  });

  it('looks again at what may have been wrong for the same reason, once that is repaired', async () => {
    const [key] = await query<{ name: string }>(
      database.url,
      `select conname as name from pg_constraint where conrelid = 'tenants_domain'::regclass and contype = 'f'`,
    );
    await query(database.url, `alter table tenants_domain drop constraint ${key?.name ?? ''}`);
    await query(
      database.url,
      `insert into tenants_domain (domain, is_primary, tenant_id) values ('gone.example.com', true, 9999)`,
    );
    const codes = async (...args: string[]): Promise<readonly string[]> => {
      const { stdout } = await command('check', '--json', '--only', 'orphans,foreign-keys', ...args);
      const { checks } = JSON.parse(stdout) as { checks: { findings: { code: string }[] }[] };
      return checks.flatMap(({ findings }) => findings.map(({ code }) => code));
    };
    assert.deepEqual(await codes(), ['DBB6091', 'DBB6089']);
    assert.deepEqual(await codes('--fix', '--yes'), []);
  });
});
