import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { Command, copyExample, runEnd } from '../support/command.js';
import { createTestDatabase, dump, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';
import { survivorsOf } from '../support/survivors.js';
import type { RunEvent } from '../../lib/run/events.js';

type Example = 'sql' | 'django-tenants';

/** Who is killed: the command alone, its Python host alone, or the command and everything it started. */
type Victim = 'command' | 'host' | 'all';

const seed = Number(
  process.env.DB_BOOTSTRAP_TEST_SEED ?? (process.env.CI === undefined ? Date.now() % 1_000_000 : 162_524),
);

describe(`kill -9 at any moment, then run again (DB_BOOTSTRAP_TEST_SEED=${String(seed)})`, function () {
  this.timeout(300_000);

  for (const example of ['sql', 'django-tenants'] as const) {
    describe(example, () => {
      let project: ReturnType<typeof copyExample>;
      let expected: string;
      let tasks: readonly string[];
      let ms: number;

      before(async () => {
        project = copyExample(example, example === 'sql' ? undefined : await virtualEnv('new'));
        const calm = await createTestDatabase();
        const started = Date.now();
        const { code, stdout, stderr } = await run(project.folder, calm.url).ended;
        ms = Date.now() - started;
        assert.equal(code, 0, stdout + stderr);
        tasks = runEnd(stdout)
          .tasks.filter(({ status, check }) => status !== 'skipped' && !check)
          .map(({ name }) => name);
        expected = await content(calm.url, example);
        await calm.drop();
      });
      after(() => project.remove());

      const trial = async (when: (command: Command) => Promise<unknown>, victim: Victim): Promise<void> => {
        const database = await createTestDatabase();
        try {
          const command = run(project.folder, database.url);
          const runId = new Promise<string>((resolve) => {
            void command.event(({ type }) => type === 'run.start').then((event) => resolve(event?.run ?? ''));
          });
          await when(command);
          kill(command, await runId, victim);
          await command.ended;
          const again = run(project.folder, database.url);
          await again.event(({ type }) => type === 'task.start');
          assert.deepEqual(survivorsOf(await runId), [], 'children of the killed run beside the new one');
          const { code, stdout, stderr } = await again.ended;
          assert.equal(code, 0, stdout + stderr);
          assert.equal(await content(database.url, example), expected);
          const left = await query(
            database.url,
            `select application_name, query from pg_stat_activity where application_name like $1`,
            [`db-bootstrap/${await runId}%`],
          );
          assert.deepEqual(left, []);
          const third = await run(project.folder, database.url).ended;
          assert.deepEqual(
            runEnd(third.stdout).tasks.filter(({ changed }) => changed),
            [],
            'a third run has nothing to do',
          );
        } finally {
          await database.drop();
        }
      };

      it('at the start and at the end of every task', async () => {
        for (const name of tasks) {
          for (const type of ['task.start', 'task.end'] as const) {
            const at = (event: RunEvent): boolean =>
              event.type === type && (event.type === 'task.start' ? event.task : event.name) === name;
            await trial((command) => command.event(at), type === 'task.start' ? 'command' : 'all');
          }
        }
      });

      it('at random moments', async () => {
        const moments = fc.sample(
          fc.record({
            share: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
            victim: fc.constantFrom<Victim>(
              ...(example === 'sql' ? (['command', 'all'] as const) : (['command', 'host', 'all'] as const)),
            ),
          }),
          { numRuns: example === 'sql' ? 4 : 3, seed },
        );
        for (const { share, victim } of moments) {
          await trial(() => new Promise((resolve) => setTimeout(resolve, share * ms)), victim);
        }
      });
    });
  }
});

const arguments_ = ['run', '--reporter', 'ndjson', '--skip', 'venv'];

function run(folder: string, url: string): Command {
  const args =
    folder.endsWith('project') && readdirSync(folder).includes('manage.py')
      ? arguments_
      : arguments_.slice(0, 3);
  return new Command(args, { cwd: folder, env: { DATABASE_URL: url } });
}

function kill(command: Command, runId: string, victim: Victim): void {
  const children = survivorsOf(runId);
  if (victim !== 'host') command.kill('SIGKILL');
  const chosen =
    victim === 'command'
      ? []
      : victim === 'all'
        ? children
        : children.filter(({ line }) => line.includes('db_bootstrap_host'));
  for (const { pid } of chosen) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** All that the workflow made: the whole schema, and the rows without times and ids that depend on the moment. */
async function content(url: string, example: Example): Promise<string> {
  const schema = await dump(url, '--exclude-schema=db_bootstrap', '--schema-only');
  if (example === 'sql') return schema;
  const rows: string[] = [];
  const tables = await query<{ schema: string; name: string }>(
    url,
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = relnamespace
     where relkind = 'r' and nspname in ('public', 'test_tenant', 'corner_shop') order by 1, 2`,
  );
  for (const { schema, name } of tables) {
    const [row] = await query<{ count: string }>(url, `select count(*) from "${schema}"."${name}"`);
    rows.push(`${schema}.${name}: ${row?.count ?? '?'} rows`);
  }
  const migrations = await query(
    url,
    `select app, name from test_tenant.django_migrations order by app, name`,
  );
  return [schema, ...rows, JSON.stringify(migrations)].join('\n');
}
