import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind, TaskResult } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { openMigrated, reopen, untilWaiting, whileHeld } from '../support/fleet.js';
import type { TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory, type TestMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const schemas = ['canary', 'one', 'two'];

const index = (name: string): string =>
  `AddIndexConcurrently("carrier", models.Index(fields=["name"], name="${name}"))`;

for (const set of ['old', 'new'] as const)
  describe(`migrations outside of transactions (${set})`, function () {
    this.timeout(60_000);
    let project: TestHost;
    let release: TestHost | undefined;

    beforeEach(async () => {
      project = await openMigrated(schemas, set);
    });
    afterEach(async () => {
      await release?.close();
      await project.close();
    });

    const openRelease = async (operations: readonly string[]): Promise<void> => {
      const text = `from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("carriers", "0004_own_collection")]
    operations = [${operations.join(', ')}]
`;
      await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_next.py'), text);
      release = await reopen(project, set);
    };
    const run = async (
      memory: TestMemory,
      options: object = {},
      signal?: AbortSignal,
    ): Promise<TaskResult> => {
      assert.ok(release);
      return kind.run(
        djangoTask(release, kind, { options, memory, ...(signal === undefined ? {} : { signal }) }),
      );
    };
    /** Schema, name and validity of the indexes whose names begin so. */
    const indexes = async (prefix = 'next_'): Promise<string[]> => {
      const rows = await project.rows<{ text: string }>(
        `select concat_ws(' ', n.nspname, c.relname, i.indisvalid) as text
           from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
          where c.relname like $1 order by 1`,
        [`${prefix}%`],
      );
      return rows.map(({ text }) => text);
    };
    const everywhere = (...names: readonly string[]): string[] =>
      schemas.flatMap((schema) => names.map((name) => `${schema} ${name} t`)).sort();
    const recorded = async (): Promise<string[]> => {
      const found = [];
      for (const schema of schemas) {
        const rows = await project.rows(
          `select from "${schema}".django_migrations where app = 'carriers' and name = '0005_next'`,
        );
        if (rows.length > 0) found.push(schema);
      }
      return found;
    };

    it('are replayed, step by step, where they make and remove indexes', async () => {
      await openRelease([index('next_a'), index('next_b'), 'RemoveIndexConcurrently("carrier", "next_a")']);
      const memory = testMemory();
      const { details } = await run(memory);
      assert.deepEqual(
        (details as { schema: string; by: string }[]).map(({ schema, by }) => [schema, by]),
        [
          ['canary', 'django'],
          ['one', 'replay'],
          ['two', 'replay'],
        ],
      );
      assert.deepEqual(await indexes(), everywhere('next_b'));
      assert.deepEqual(await recorded(), schemas);
      assert.deepEqual([...memory.ledger.keys()], []);
    });

    for (const [held, who] of [
      ['canary', 'Django'],
      ['one', 'a replay'],
    ] as const)
      it(`that are broken off while ${who} makes an index are taken up again, and say what was left`, async () => {
        await openRelease([index('next_a'), index('next_b')]);
        const memory = testMemory();
        const task = new AbortController();
        // Who writes to the table keeps the second index from becoming valid: the first is made before.
        await project.rows(`create index next_a on "${held}".carriers_carrier (name)`);
        memory.ledger.set(`owed ${held}`, true);
        await whileHeld(
          project,
          `${held}.carriers_carrier`,
          async () => {
            const running = rejection(run(memory, { lockTimeout: '10m' }, task.signal));
            await untilWaiting(project);
            task.abort();
            assert.equal((await running).code, 'DBB5020');
          },
          'row exclusive',
        );
        const left = await indexes('next_b');
        assert.ok(left.includes(`${held} next_b f`), left.join() + JSON.stringify(memory.events));
        assert.ok(!(await recorded()).includes(held));
        const next = { ...memory, events: [] };
        const { warnings = [] } = await run(next);
        assert.deepEqual(
          warnings.map(({ code, message }) => [code, message]),
          [
            [
              'DBB6086',
              `index "next_b" of table "carriers_carrier" in schema "${held}" was left invalid when its migration was broken off; it was removed, to be made again`,
            ],
          ],
        );
        assert.deepEqual(await indexes(), everywhere('next_a', 'next_b'));
        assert.deepEqual(await recorded(), schemas);
        assert.deepEqual([...memory.ledger.keys()], []);
      });

    it('that fail say which index they left, which the next run removes; one that was invalid before stays', async () => {
      await project.rows(`create table one.other (n int); insert into one.other values (1), (1)`);
      await assert.rejects(project.rows('create unique index concurrently old_a on one.other (n)'));
      await openRelease([index('next_a')]);
      const memory = testMemory();
      await whileHeld(
        project,
        'one.carriers_carrier',
        async () => {
          const error = await rejection(run(memory, { lockTimeout: '100ms' }));
          assert.ok(error instanceof BootstrapError);
          const problem = error.problems.find(({ facts }) => facts?.schema === 'one');
          assert.deepEqual(
            problem?.notes?.filter(({ label }) => label === 'left invalid').map(({ text }) => text),
            ['"next_a": the next run removes it and goes on'],
          );
        },
        'row exclusive',
      );
      assert.deepEqual(tenantEnds(memory).sort(), [
        ['canary', 'migrated'],
        ['one', 'failed'],
        ['two', 'migrated'],
      ]);
      const next = { ...memory, events: [] };
      await run(next);
      assert.match(logOf(next).join('\n'), /index "next_a" .* was removed/);
      assert.deepEqual(await indexes(), everywhere('next_a'));
      assert.deepEqual(await indexes('old_'), ['one old_a f']);
    });
  });
