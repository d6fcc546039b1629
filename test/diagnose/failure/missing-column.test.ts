import assert from 'node:assert/strict';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';

for (const set of ['old', 'new'] as const) {
  describe(`a column that does not exist, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    let list: string;
    before(async () => {
      template = await openTemplate(set);
      list = `${template.python} manage.py tenant_command carriers --schema=corner_shop`;
    });
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    it('says that its migration is recorded, and makes the column anew', async () => {
      await project.rows('alter table corner_shop.carriers_carrier drop column active');
      const problem = await project.failCommand(list);
      assert.equal(problem.code, 'DBB6070');
      assert.equal(
        problem.message,
        'schema "corner_shop" records migration carriers.0002 as applied, but column "active" of table "carriers_carrier" does not exist',
      );
      assert.equal(problem.facts?.migration, 'carriers.0002_carrier_tracking_url_max_weight_active');
      await project.repair(problem.help ?? '');
      const { code, output } = await project.manage('tenant_command', 'carriers', '--schema=corner_shop');
      assert.equal(code, 0, output);
    });

    it('names every schema that is not migrated, and the task that has to come first', async () => {
      const back = ['migrate_schemas', '--tenant', 'carriers', '0001'];
      assert.equal((await project.manage(...back)).code, 0);
      const problem = await project.failCommand(list);
      assert.equal(problem.code, 'DBB6013');
      assert.equal(problem.help, 'run "python manage.py migrate_schemas --schema=corner_shop"');
      const early = await project.failCommand(list, { tasks: [{ name: 'later', use: 'tenant-migrations' }] });
      assert.equal(early.code, 'DBB5050');
      assert.equal(early.facts?.needs, 'later');
      await project.repair(problem.help);
      assert.equal((await project.manage('tenant_command', 'carriers', '--schema=corner_shop')).code, 0);
    });
  });
}

describe('names that no model has', function () {
  this.timeout(60_000);
  let template: Template;
  let project: FailingProject;
  before(async () => {
    template = await openTemplate('new');
    project = await template.open();
    await project.rows('create schema sales; create table sales.prices (id int, amount int)');
  });
  after(async () => {
    await project.close();
    await template.close();
  });

  it('names the nearest column', async () => {
    const problem = await project.failWork((database) => database.query('select amuont from sales.prices'));
    assert.equal(problem.code, 'DBB5056');
    assert.equal(problem.message, 'table "prices" in schema "sales" has no column "amuont"');
    assert.equal(problem.help, 'did you mean "amount"?');
    assert.equal(problem.facts?.position, 8);
  });

  it('names the schema that was not searched', async () => {
    const problem = await project.failWork((database) => database.query('select * from prices'));
    assert.equal(problem.code, 'DBB5051');
    assert.match(
      problem.message,
      /^table "prices" exists in schema "sales", which task "seed" did not search$/,
    );
    assert.match(problem.help ?? '', /"sales"\."prices"/);
  });

  it('names the nearest table', async () => {
    const problem = await project.failWork((database) => database.query('select * from sales.price'));
    assert.equal(problem.code, 'DBB5053');
    assert.equal(problem.help, 'did you mean "prices"?');
  });

  it('says that psql was connected elsewhere', async () => {
    const problem = await project.failCommand(
      `psql -v ON_ERROR_STOP=1 -d '${project.url.replace(/\/[^/]*$/, '/postgres')}' -c 'select * from tenants_client'`,
    );
    assert.equal(problem.code, 'DBB5052');
    assert.match(problem.help ?? '', /DATABASE_URL or PGHOST/);
  });

  it('says that Django is connected elsewhere', async () => {
    const elsewhere = project.url.replace(/\/[^/]*$/, '/postgres');
    const problem = await project.failCommand(
      `${project.python} manage.py shell -c 'from wholesale.tenants.models import Client; print(list(Client.objects.all()))'`,
      { env: { DATABASE_URL: elsewhere } },
    );
    assert.equal(problem.code, 'DBB6005');
    assert.equal(problem.facts?.sqlstate, '42P01');
  });

  it('says that an app is in neither list', async () => {
    const env = { DJANGO_SETTINGS_MODULE: 'wholesale.settings.forgotten' };
    const problem = await project.failCommand(
      `${project.python} manage.py shell -c 'from django.contrib.sites.models import Site; print(list(Site.objects.all()))'`,
      { env },
    );
    assert.equal(problem.code, 'DBB6072');
    assert.match(problem.message, /app "sites" is in neither SHARED_APPS nor TENANT_APPS/);
  });
});
