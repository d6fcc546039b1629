import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openMigrated, reopen, untilWaiting, whileHeld } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { testMemory, type TestMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'held', 'two', 'three'];

const field = `migrations.AddField("carrier", "next", models.TextField(null=True))`;
const model = `migrations.CreateModel("Depot", [("id", models.BigAutoField(primary_key=True))])`;
const code = 'migrations.RunPython(count)';

describe('a fleet whose migrating is broken off', function () {
  this.timeout(60_000);
  let project: TestHost;
  let release: TestHost;

  beforeEach(async () => {
    project = await openMigrated(schemas);
  });
  afterEach(async () => {
    await release.close();
    await project.close();
  });

  /** The next release: a migration for each list of operations. */
  const openRelease = async (...migrations: readonly (readonly string[])[]): Promise<void> => {
    let before = '0004_own_collection';
    for (const [index, operations] of migrations.entries()) {
      const name = `000${String(index + 5)}_next`;
      const text = `from django.db import migrations, models


def count(apps, schema_editor):
    apps.get_model("carriers", "Carrier").objects.count()


class Migration(migrations.Migration):
    dependencies = [("carriers", "${before}")]
    operations = [${operations.join(', ')}]
`;
      await writeFile(join(project.directory, `wholesale/carriers/migrations/${name}.py`), text);
      before = name;
    }
    release = await reopen(project);
  };
  const run = (memory: TestMemory, options: object = {}, signal?: AbortSignal): Promise<unknown> =>
    Promise.resolve(
      kind.run(djangoTask(release, kind, { options, memory, ...(signal === undefined ? {} : { signal }) })),
    );
  const failing = async (memory: TestMemory, options: object = {}): Promise<BootstrapError> => {
    const error = await rejection(run(memory, options));
    assert.ok(error instanceof BootstrapError);
    return error;
  };
  /** What became of each tenant, by its name; each is told once. */
  const told = (memory: TestMemory): Record<string, string> => {
    const ends = tenantEnds(memory);
    assert.deepEqual(ends.map(([schema]) => schema).sort(), [...schemas].sort());
    return Object.fromEntries(ends);
  };
  const having = async (statement: (schema: string) => string): Promise<string[]> => {
    const found = [];
    for (const schema of schemas) if ((await project.rows(statement(schema))).length > 0) found.push(schema);
    return found;
  };
  const withTable = (): Promise<string[]> =>
    having((schema) => `select where to_regclass('${schema}.carriers_depot') is not null`);
  const withType = (): Promise<string[]> =>
    having((schema) => `select from ${schema}.django_content_type where model = 'depot'`);
  const withField = (): Promise<string[]> =>
    having(
      (schema) =>
        `select from pg_attribute where attrelid = '${schema}.carriers_carrier'::regclass and attname = 'next'`,
    );
  const owed = (memory: TestMemory): string[] =>
    [...memory.ledger.keys()].filter((key) => key.startsWith('owed '));
  const others = schemas.filter((schema) => schema !== 'held');

  /** Refuses the rows of post_migrate in one tenant. */
  const refuseRows = (schema: string): Promise<unknown> =>
    project.rows(
      `create function ${schema}.refuse() returns trigger language plpgsql as $$ begin raise exception 'no more rows'; end $$;
       create trigger refuse before insert on ${schema}.django_content_type for each row execute function ${schema}.refuse()`,
    );

  it('goes on past a tenant that refuses the rows of post_migrate, which the next run adds', async () => {
    await openRelease([model, code]);
    await refuseRows('held');
    const memory = testMemory();
    const error = await failing(memory);
    assert.match(error.message, /1 of 5 tenants failed: held/);
    assert.match(JSON.stringify(error.problems), /no more rows/);
    assert.deepEqual(told(memory), {
      ...Object.fromEntries(others.map((name) => [name, 'migrated'])),
      held: 'failed',
    });
    assert.deepEqual((await withType()).sort(), [...others].sort());
    assert.deepEqual(owed(memory), ['owed held']);
    await project.rows('drop trigger refuse on held.django_content_type');
    await run({ ...memory, events: [] });
    assert.deepEqual(await withType(), schemas);
    assert.deepEqual(owed(memory), []);
  });

  it('does not wait longer than it may for the table of these rows', async () => {
    await openRelease([model, code]);
    const memory = testMemory();
    await whileHeld(project, 'held.django_content_type', () => failing(memory, { lockTimeout: '100ms' }));
    assert.equal(told(memory).held, 'failed');
    assert.deepEqual((await withType()).sort(), [...others].sort());
    assert.deepEqual(owed(memory), ['owed held']);
  });

  it('tells nobody as migrated who lacks these rows because as many failed as may', async () => {
    await openRelease([model, code]);
    await refuseRows('one');
    const memory = testMemory();
    await failing(memory, { abortAfter: '1 failures' });
    const ends = told(memory);
    const migrated = Object.keys(ends).filter((schema) => ends[schema] === 'migrated');
    assert.deepEqual(migrated.sort(), (await withType()).sort());
    assert.deepEqual(new Set(Object.values(ends)), new Set(['migrated', 'failed', 'not-tried']));
    await project.rows('drop trigger refuse on one.django_content_type');
    await run({ ...memory, events: [] });
    assert.deepEqual(await withType(), schemas);
  });

  it('adds the rows of a tenant that was left half way, whoever the next canary is', async () => {
    await openRelease([model], [code], [field]);
    await refuseRows('held');
    const memory = testMemory();
    // As a kill after the first segment leaves it: the table, and a note.
    await whileHeld(project, 'held.carriers_carrier', () => failing(memory, { lockTimeout: '100ms' }));
    assert.deepEqual(owed(memory), ['owed held']);
    await project.rows('drop trigger refuse on held.django_content_type');
    await run({ ...memory, events: [] });
    assert.deepEqual(await withType(), schemas);
    assert.deepEqual(owed(memory), []);
  });

  for (const [where, operations, table, withChange] of [
    ['a replay', [field], 'held.carriers_carrier', withField],
    ['what Django does alone', [field, code], 'held.carriers_carrier', withField],
    ['the rows of post_migrate', [model, code], 'held.django_content_type', withTable],
  ] as const)
    it(`tells within two seconds what became of each when it is interrupted in ${where}`, async () => {
      await openRelease(operations);
      const memory = testMemory();
      const task = new AbortController();
      await whileHeld(project, table, async (letGo) => {
        const running = rejection(run(memory, { lockTimeout: '10m' }, task.signal));
        await untilWaiting(project);
        const from = performance.now();
        task.abort();
        const error = await running;
        assert.ok(performance.now() - from < 2000);
        assert.equal(error.code, 'DBB5020');
        assert.match(
          error.problems[0].notes?.at(-1)?.text ?? '',
          /^\d tenants? not tried, \d migrated before$/,
        );
        await letGo();
      });
      const ends = told(memory);
      assert.equal(ends.held, 'not-tried');
      // Who has it all but its last step is not told as migrated, but how far it came.
      const reasons = memory.events.flatMap((event) => (event.type === 'tenant.end' ? [event] : []));
      const changed = reasons.filter(
        ({ status, reason }) =>
          status === 'migrated' || reason?.endsWith('after 1 of its migrations') === true,
      );
      assert.deepEqual(changed.map(({ schema }) => schema).sort(), (await withChange()).sort());
      await run({ ...memory, events: [] });
      assert.deepEqual(await withChange(), schemas);
    });

  it('tells within two seconds also when it is interrupted between two tries', async () => {
    await openRelease([field]);
    const memory = testMemory();
    const task = new AbortController();
    await whileHeld(project, 'held.carriers_carrier', async () => {
      const running = rejection(run(memory, { lockTimeout: '200ms' }, task.signal));
      await untilWaiting(project);
      await untilWaiting(project, false);
      task.abort();
      await running;
    });
    assert.equal(told(memory).held, 'not-tried');
  });
});
