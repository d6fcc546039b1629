import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, eventsOf, runEnd, type Ended } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';
import { plainFiles, tenantFiles } from '../support/two-databases.js';

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

const both = 'tasks: { migrate: { databases: [analytics, lite] } }\n';
const migration = (operation: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [${operation}]
`;

/** A project with its two databases of PostgreSQL. */
class Project {
  readonly folder: ReturnType<typeof makeFolder>;
  readonly main: TestDatabase;
  readonly analytics: TestDatabase;
  readonly #preset: string;

  private constructor(preset: string, parts: Pick<Project, 'folder' | 'main' | 'analytics'>) {
    this.#preset = preset;
    this.folder = parts.folder;
    this.main = parts.main;
    this.analytics = parts.analytics;
    this.configure('');
  }

  static async make(
    preset: string,
    files: Readonly<Record<string, string>>,
    set: 'old' | 'new',
  ): Promise<Project> {
    const [main, analytics] = [await createTestDatabase(), await createTestDatabase()];
    const folder = makeFolder(files);
    symlinkSync(await virtualEnv(set), join(folder.folder, '.venv'));
    return new Project(preset, { folder, main, analytics });
  }

  configure(tasks: string): void {
    this.folder.write('.bootstraprc', `preset: ${this.#preset}\n${tasks}`);
  }

  command(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const urls = { DATABASE_URL: this.main.url, ANALYTICS_URL: this.analytics.url };
    return bootstrap(args, { cwd: this.folder.folder, env: { ...urls, ...env } });
  }

  async run(env: NodeJS.ProcessEnv = {}) {
    const ended = await this.command(['run', '--reporter', 'ndjson'], env);
    const { tasks } = runEnd(ended.stdout);
    const task = (name: string) => {
      const found = tasks.find((each) => each.name === name);
      assert.ok(found, ended.stdout);
      return found;
    };
    return { ...ended, task };
  }

  async remove(): Promise<void> {
    this.folder.remove();
    await Promise.all([this.main.drop(), this.analytics.drop()]);
  }
}

/** The aliases that the warning names in an output, in order. */
function warned({ stdout }: Ended): string[] {
  return [...stdout.matchAll(/^warning\[DBB6058\]: DATABASES\["(\w+)"\]/gm)].map(([, alias]) => alias ?? '');
}

describe('databases beside the main one', function () {
  this.timeout(120_000);

  describe('without tenants', () => {
    let project: Project;
    before(async () => {
      project = await Project.make('django', plainFiles, 'new');
    });
    after(() => project.remove());

    it('each command names those that the config passes over, and no copy of the main one', async () => {
      const first = await project.run();
      assert.equal(first.code, 0, first.stdout);
      const told = first.task('check-migrations').warnings ?? [];
      assert.deepEqual(
        told.map(({ code, message }) => [
          code,
          message.replace(/^DATABASES\["(\w+)"\].* ("\w+") there$/, '$1 $2'),
        ]),
        [
          ['DBB6058', 'analytics "events"'],
          ['DBB6058', 'lite "notes"'],
        ],
      );
      for (const command of ['plan', 'check', 'doctor'])
        assert.deepEqual(warned(await project.command([command])), ['analytics', 'lite'], command);
    });

    it('says so before the first change where no check will, and accepts a command or a tolerance in its place', async () => {
      project.configure('tasks: { check-migrations: null, migrate: { databases: [analytics] } }\n');
      const { code, stdout } = await project.run();
      assert.equal(code, 0, stdout);
      const notices = eventsOf(stdout).flatMap((event) => (event.type === 'notice' ? [event.problem] : []));
      assert.deepEqual(
        notices.map((notice) => [notice.code, /"(\w+)"/.exec(notice.message)?.[1]]),
        [['DBB6058', 'lite']],
      );
      project.configure(`tasks:
  other: { use: command, run: python manage.py migrate --database=analytics, needs: [migrate] }
  check-migrations:
    tolerate: [{ code: DBB6058, object: lite, reason: another team migrates it }]
`);
      for (const args of [['check', '--only', 'migrations,tables'], ['plan']]) {
        const ended = await project.command(args);
        assert.deepEqual(warned(ended), []);
        if (args[0] === 'check')
          assert.match(ended.stdout, /passed {2}tables: .*DATABASES\["analytics"\]: all tables are/);
      }
      await query(project.analytics.url, 'drop schema public cascade; create schema public');
    });

    it('migrates them, a second run finds nothing to do, and what is not examined is said', async () => {
      project.configure(both);
      const first = await project.run();
      assert.equal(first.code, 0, first.stdout);
      assert.match(first.task('migrate').reason, /DATABASES\["analytics"\]: \d+ migrations applied/);
      const second = await project.run();
      assert.equal(second.task('migrate').status, 'up-to-date', second.stdout);
      assert.deepEqual(
        second.task('check-tables').warnings?.map(({ code, message }) => [code, message.split(':')[0]]),
        [['DBB6095', 'DATABASES["lite"]']],
      );
      const tables = await query<{ name: string }>(
        project.analytics.url,
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
      );
      assert.deepEqual(
        tables.map(({ name }) => name),
        ['django_migrations', 'events_hit'],
      );
    });

    it('a migration that waits there alone is applied; one that fails names database, cause and place', async () => {
      project.folder.write('events/migrations/0002_more.py', migration('migrations.RunSQL("select 1 / 0")'));
      const check = await project.command(['check', '--only', 'migrations']);
      assert.equal(check.code, 3, check.stdout);
      assert.match(
        check.stdout,
        /error\[DBB6013\]: DATABASES\["analytics"\]: schema "public" has 1 migration/,
      );
      const failed = await project.run();
      assert.equal(failed.code, 1);
      const [problem] = failed.task('migrate').problems ?? [];
      assert.equal(problem?.message, 'DATABASES["analytics"]: division by zero');
      assert.equal(problem.facts?.migration, 'events.0002_more');
      assert.ok(problem.notes?.some(({ label, text }) => label === 'not done' && text.includes('"lite"')));
      project.folder.write('events/migrations/0002_more.py', migration('migrations.RunSQL("select 1")'));
      const run = await project.run();
      assert.equal(run.code, 0, run.stdout);
      assert.match(run.task('migrate').reason, /DATABASES\["analytics"\]: 1 migration applied/);
    });

    it('a check alone finds damage there, beside what it finds in the main one', async () => {
      await query(project.analytics.url, 'alter table events_hit drop column title');
      await query(project.main.url, 'alter table stock_item alter title drop not null');
      const { code, stdout } = await project.command(['check', '--only', 'tables']);
      assert.equal(code, 3, stdout);
      assert.match(
        stdout,
        /error\[DBB6033\]: DATABASES\["analytics"\]: column "title" of table "events_hit"/,
      );
      assert.match(stdout, /error\[DBB6098\]: .*"stock_item"/);
      const down = await project.command(['check', '--only', 'tables'], {
        ANALYTICS_URL: project.analytics.url.replace(project.analytics.name, 'no_such_test'),
      });
      assert.match(down.stdout, /error\[DBB6098\]: .*"stock_item"/);
      assert.match(
        down.stdout,
        /error\[DBB4004\]: DATABASES\["analytics"\]: the database "no_such_test" does not exist/,
      );
      await query(project.main.url, 'alter table stock_item alter title set not null');
    });

    it('who cannot be reached is named with the cause, and its password is in no output', async () => {
      const { host } = new URL(project.analytics.url);
      project.folder.write('events/apps.py', `print("connecting with", "hid" + "den-secret")\n`);
      const run = await project.run({
        ANALYTICS_URL: `postgres://postgres:hidden-secret@${host}/${project.analytics.name}`,
      });
      const [problem] = run.task('migrate').problems ?? [];
      assert.equal(problem?.code, 'DBB4002', run.stdout);
      assert.match(problem.message, /^DATABASES\["analytics"\]: .*password authentication failed/);
      assert.match(run.stdout, /connecting with \*\*\*/);
      assert.doesNotMatch(run.stdout + run.stderr, /hidden-secret/);
      const unknown = await project.command(['plan', '--set', 'tasks.migrate.databases=["analitics"]']);
      assert.match(
        unknown.stdout + unknown.stderr,
        /error\[DBB6028\]: DATABASES\["analitics"\]: .*\n(?:.*\n){0,3}? *help: did you mean "analytics"/,
      );
    });
  });

  it('beside tenants: the other databases by migrate, the tenants as ever', async () => {
    const project = await Project.make('django-tenants', tenantFiles, 'old');
    const tenants = 'tenants: [{ schema: acme, domain: acme.test }]\n';
    try {
      project.configure(`${tenants}tasks: { migrate: { databases: [analytics] } }\n`);
      const first = await project.run();
      assert.equal(first.code, 0, first.stdout);
      assert.match(first.task('migrate').reason, /DATABASES\["analytics"\]: \d+ migrations applied/);
      assert.deepEqual(
        first
          .task('check-migrations')
          .warnings?.map(({ code, message }) => [code, /"(\w+)"/.exec(message)?.[1]]),
        [['DBB6058', 'lite']],
      );
      const second = await project.run();
      assert.deepEqual(
        ['migrate', 'shared', 'tenant-migrations'].map((name) => second.task(name).status),
        ['up-to-date', 'up-to-date', 'up-to-date'],
      );
      await query(project.analytics.url, 'drop table events_hit');
      const { code, stdout } = await project.command(['check', '--only', 'tables']);
      assert.equal(code, 3);
      assert.match(stdout, /error\[DBB6012\]: DATABASES\["analytics"\]: .*"events_hit" does not exist/);
    } finally {
      await project.remove();
    }
  });
});
