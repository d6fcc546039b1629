import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailingProject, openTemplate, type Template } from '../../support/failed-task.js';

for (const set of ['old', 'new'] as const) {
  describe(`what fails in Django, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    const python = (code: string): string =>
      `${template.python} manage.py tenant_command carriers --schema=corner_shop '${code.replaceAll("'", `'\\''`)}'`;
    before(async () => (template = await openTemplate(set)));
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    it('says once what Django said of a project that it cannot load', async () => {
      await writeFile(
        join(project.folder, 'wholesale/settings/mistyped.py'),
        'from .test import *\n\nINSTALLED_APPS = [*INSTALLED_APPS, "carrierz"]\n',
      );
      const { url, folder } = project;
      const mistyped = new FailingProject(
        url,
        folder,
        project.python,
        () => Promise.resolve(),
        'wholesale.settings.mistyped',
      );
      try {
        const { code, message, notes } = await mistyped.failWork((_, host) => host.request('inspect'));
        assert.equal(code, 'DBB6030');
        assert.equal(message, 'INSTALLED_APPS has "carrierz", and there is no module named "carrierz"');
        assert.deepEqual(
          notes?.map(({ label, text }) => `${label}: ${label === 'interpreter' ? 'python' : text}`),
          [
            'expected: apps that can be imported',
            "symptom: No module named 'carrierz'",
            'exception: ModuleNotFoundError',
            'settings: wholesale.settings.mistyped',
            'interpreter: python',
          ],
        );
      } finally {
        await mistyped.close();
      }
    });

    it('says that an error was swallowed inside a transaction', async () => {
      const problem = await project.failCommand(
        python(
          'with transaction.atomic():\n  try:\n    connection.cursor().execute("select 1/0")\n  except Exception:\n    pass\n  Carrier.objects.count()',
        ),
      );
      assert.equal(problem.code, 'DBB5062');
      assert.match(
        problem.message,
        /^an earlier statement of task "seed" failed, and its error was swallowed/,
      );
      assert.match(problem.place?.file ?? '', /carriers\.py$/);
    });

    it('names the columns that are too short', async () => {
      const problem = await project.failCommand(python('Carrier.objects.create(code="x" * 21, name="x")'));
      assert.equal(problem.code, 'DBB5063');
      assert.ok((problem.facts?.columns as string[]).includes('"carriers_carrier"."code"'));
    });

    it('names the value that is required', async () => {
      const problem = await project.failCommand(python('Carrier.objects.create(code="x", name=None)'));
      assert.equal(problem.code, 'DBB5066');
      assert.match(problem.message, /no value to "carriers_carrier"\."name" in schema "corner_shop"/);
    });

    it('names the row that is referred to and missing', async () => {
      const problem = await project.failCommand(
        python('Rate.objects.create(carrier_id=99, up_to_kg=1, price=1)'),
      );
      assert.equal(problem.code, 'DBB5065');
      assert.match(problem.message, /"carriers_carrier" has none with \(carrier_id\) = \(99\)$/);
    });

    it('says that another role than the one of the workflow lacks a right', async () => {
      const role = `little_${String(process.pid)}`;
      await project.rows(`create role ${role}; grant usage on schema corner_shop to ${role}`);
      try {
        const problem = await project.failWork((database) =>
          database.query(`set role ${role}; alter table corner_shop.carriers_carrier add column x int`),
        );
        assert.equal(problem.code, 'DBB4014');
        assert.match(problem.message, /is logged in as another role than the workflow's/);
        assert.doesNotMatch(problem.message, /does not own/);
      } finally {
        await project.rows(`drop owned by ${role}; drop role ${role}`);
      }
    });

    it('names a tenant that has a row, and no schema', async () => {
      await project.rows('drop schema corner_shop cascade');
      const problem = await project.failWork((database) => database.query('create table corner_shop.t ()'));
      assert.equal(problem.code, 'DBB6019');
    });

    it('names a migration and its operation, whatever failed in it', async () => {
      await project.manage('migrate_schemas', '--schema=corner_shop', 'carriers', '0001');
      await project.rows('alter table corner_shop.carriers_carrier add column tracking_url int');
      const problem = await project.failWork((_database, host) =>
        host.request('migrate', { schema: 'corner_shop' }),
      );
      assert.equal(problem.code, 'DBB6075');
      assert.equal(problem.facts?.migration, 'carriers.0002_carrier_tracking_url_max_weight_active');
      assert.equal(problem.facts.operation, 'Add field tracking_url to carrier');
      assert.equal(problem.facts.schema, 'corner_shop');
      assert.match(
        problem.facts.statement as string,
        /^ALTER TABLE "carriers_carrier" ADD COLUMN "tracking_url"/,
      );
      assert.ok(
        problem.notes?.some(
          ({ label, text }) => label === 'migration' && text.includes('operation "Add field'),
        ),
      );
    });
  });
}
