import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../lib/errors/index.js';
import { openEmpty, openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';
import { freePort } from '../../support/postgres.js';

const note = (problem: Problem, label: string): string | undefined =>
  problem.notes?.find((each) => each.label === label)?.text;

for (const set of ['old', 'new'] as const) {
  describe(`failures without an SQLSTATE, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    let manage: string;
    before(async () => {
      template = await openTemplate(set);
      manage = `${template.python} manage.py`;
    });
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    it('says that --tenant takes no value', async () => {
      const problem = await project.failCommand(`${manage} migrate_schemas --tenant corner_shop`);
      assert.equal(problem.code, 'DBB6078');
      assert.equal(
        problem.message,
        '"--tenant" of migrate_schemas takes no value: "corner_shop" is read as an app label',
      );
      assert.match(note(problem, 'symptom') ?? '', /^No installed app with label 'corner_shop'/);
      const [, words = ''] = /manage\.py ([^"]*)"$/.exec(problem.help ?? '') ?? [];
      assert.equal((await project.manage(...words.split(' '))).code, 0);
    });

    it('adds the record on which another one depends', async () => {
      await project.rows(
        `delete from corner_shop.django_migrations where app = 'carriers' and name = '0001_initial'`,
      );
      const problem = await project.failWork((_database, host) =>
        host.request('migrate', { schema: 'corner_shop' }),
      );
      assert.equal(problem.code, 'DBB6077');
      assert.match(problem.message, /and not carriers\.0001_initial, on which it depends/);
      const printed = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop`);
      assert.equal(printed.message, problem.message);
      await project.rows((problem.help ?? '').replace(/^.*in psql: /, ''));
      const { code, output } = await project.manage('migrate_schemas', '--schema=corner_shop');
      assert.equal(code, 0, output);
    });

    it('knows a migration under its old name, and takes that record for the new one', async () => {
      const folder = join(template.folder, 'wholesale/carriers/migrations');
      const [old, after, renamed] = ['0003_rate.py', '0004_own_collection.py', '0003_rates.py'].map((name) =>
        join(folder, name),
      ) as [string, string, string];
      const [text, following] = [readFileSync(old, 'utf8'), readFileSync(after, 'utf8')];
      renameSync(old, renamed);
      writeFileSync(after, following.replace('0003_rate"', '0003_rates"'));
      try {
        // The public schema records what the tenants' apps have, and has no tables of theirs.
        for (const schema of ['public', 'corner_shop']) {
          const problem = await project.failCommand(`${manage} migrate_schemas --schema=${schema}`);
          assert.equal(problem.code, 'DBB6077');
          assert.match(
            problem.message,
            new RegExp(`^schema "${schema}" records .* and not carriers.0003_rates`),
          );
          assert.match(note(problem, 'likely') ?? '', /renamed: carriers\.0003_rate is recorded/);
          assert.match(problem.help ?? '', /replaces = \[\("carriers", "0003_rate"\)\]$/);
        }
        writeFileSync(renamed, text.replace(/^class .*/m, '$&\n    replaces = [("carriers", "0003_rate")]'));
        const { code, output } = await project.manage('migrate_schemas');
        assert.equal(code, 0, output);
      } finally {
        rmSync(renamed);
        writeFileSync(old, text);
        writeFileSync(after, following);
      }
    });

    it('knows the last migration of an app under its old name, too', async () => {
      const folder = join(template.folder, 'wholesale/plants/migrations');
      const [old, renamed] = [join(folder, '0003_pickup.py'), join(folder, '0003_pickups.py')];
      const text = readFileSync(old, 'utf8');
      renameSync(old, renamed);
      try {
        const problem = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop`);
        assert.equal(problem.code, 'DBB6074');
        assert.match(note(problem, 'likely') ?? '', /renamed: plants\.0003_pickup is recorded/);
        assert.match(problem.help ?? '', /replaces = \[\("plants", "0003_pickup"\)\]$/);
        writeFileSync(renamed, text.replace(/^class .*/m, '$&\n    replaces = [("plants", "0003_pickup")]'));
        const { code, output } = await project.manage('migrate_schemas', '--tenant');
        assert.equal(code, 0, output);
      } finally {
        rmSync(renamed);
        writeFileSync(old, text);
      }
    });

    it('names the dependency that a migration lacks', async () => {
      const file = join(template.folder, 'wholesale/customers/migrations/0005_uses_pickups.py');
      writeFileSync(
        file,
        `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_preferred_suppliers_email_once")]
    operations = [migrations.RunSQL("select 1 from plants_pickup", migrations.RunSQL.noop)]
`,
      );
      try {
        await project.manage('migrate_schemas', '--schema=corner_shop', 'plants', '0002');
        const problem = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop customers`);
        assert.equal(problem.code, 'DBB6079');
        assert.equal(
          problem.message,
          'migration customers.0005_uses_pickups uses table "plants_pickup", which plants.0003_pickup makes, and does not depend on it',
        );
        assert.match(problem.help ?? '', /^add to "dependencies" in .*\n\('plants', '0003_pickup'\),$/);
      } finally {
        rmSync(file);
      }
    });

    it('names two leaf nodes, and a dependency that does not exist', async () => {
      const file = join(template.folder, 'wholesale/customers/migrations/0004_other.py');
      const write = (dependency: string): void =>
        writeFileSync(
          file,
          `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "${dependency}")]
    operations = []
`,
        );
      try {
        write('0003_number_unique_credit_limit_wider');
        const two = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop`);
        assert.equal(two.code, 'DBB6007');
        assert.equal(two.help, 'run "python manage.py makemigrations --merge customers" and commit the file');
        write('0003_lost');
        const lost = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop`);
        assert.equal(lost.code, 'DBB6026');
        assert.match(lost.message, /depends on customers\.0003_lost, which does not exist$/);
      } finally {
        rmSync(file);
      }
    });

    it('says that the settings lead to a server that is not there', async () => {
      const port = await freePort();
      const problem = await project.failCommand(`${manage} migrate_schemas --schema=corner_shop`, {
        env: { DATABASE_URL: `postgres://app@127.0.0.1:${port}/shop` },
      });
      assert.equal(problem.code, 'DBB5052');
      assert.match(
        problem.message,
        new RegExp(`^task "seed" looked for a server at 127\\.0\\.0\\.1:${port}, where none answers`),
      );
    });
  });
}

describe('failures of children', function () {
  this.timeout(30_000);
  let project: FailingProject;
  before(async () => (project = await openEmpty()));
  after(() => project.close());

  it('names the interpreter that lacks Django', async () => {
    const problem = await project.failCommand(`python3 -S -c 'import django'`);
    assert.equal(problem.code, 'DBB6002');
    assert.equal(problem.message, 'the interpreter "python3" of task "seed" has no module "django"');
  });

  it('names a host that does not resolve, and a password that is not given', async () => {
    const host = await project.failCommand(`PGHOST=no-such-host.invalid psql -c 'select 1'`);
    assert.equal(host.code, 'DBB5052');
    const password = await project.failCommand(`env -u PGPASSWORD psql -w -c 'select 1'`);
    assert.equal(password.code, 'DBB4002');
    assert.match(password.message, /^task "seed" started a client without a password/);
  });

  it('says why a child may have been killed', async () => {
    const problem = await project.failCommand('kill -9 $$');
    assert.equal(problem.code, 'DBB5001');
    assert.match(note(problem, 'likely') ?? '', /memory ran out/);
  });

  it('leaves alone what it does not know', async () => {
    const problem = await project.failCommand('echo "Error: it fell" >&2; exit 3');
    assert.equal(problem.code, 'DBB5001');
    assert.equal(problem.message, 'Error: it fell');
  });
});
