import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskClient } from '../../../config/define.js';
import { movedApps } from '../../../lib/diagnose/project/moved-apps.js';
import type { Problem } from '../../../lib/errors/index.js';
import { checkTables } from '../../../tasks/checks/tables.js';
import { examineFolder } from '../../support/django-project.js';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';
import { testContext } from '../../support/task-context.js';

/** Settings that the database was not migrated with: apps in other lists, and no tenants at all. */
const settings = {
  shared: `from .test import *

moved = [app for app in TENANT_APPS if app.startswith("wholesale.")]
SHARED_APPS = [*SHARED_APPS, *moved]
INSTALLED_APPS = list(dict.fromkeys([*SHARED_APPS, *TENANT_APPS]))
`,
  plain: `from .test import *

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "django_tenants"]
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASE_ROUTERS = []
MIDDLEWARE = []
`,
};

describe('apps whose migrations were recorded while they belonged elsewhere', function () {
  this.timeout(180_000);
  let template: Template;
  before(async () => {
    template = await openTemplate('new');
    for (const [name, text] of Object.entries(settings))
      writeFileSync(join(template.folder, `wholesale/settings/${name}.py`), text);
  });
  after(() => template.close());

  const check = async (project: FailingProject): Promise<readonly Problem[]> => {
    const context = testContext({
      kind: checkTables,
      options: {},
      root: project.folder,
      url: project.url,
      base: project.env,
      name: 'check-tables',
    });
    Object.defineProperty(context, 'host', { value: project.host() });
    const { findings = [] } = await checkTables.run(context as never);
    return findings;
  };
  const explained = async (project: FailingProject): Promise<readonly Problem[]> =>
    project.explainAll(await check(project), { name: 'check-tables', use: 'check-tables' });
  const open = async (name?: keyof typeof settings): Promise<FailingProject> =>
    template.open(name === undefined ? undefined : `wholesale.settings.${name}`);

  it('are one finding with one repair, for apps that came to SHARED_APPS', async () => {
    const project = await open('shared');
    try {
      const [problem, ...others] = await explained(project);
      assert.equal(problem?.code, 'DBB6096', JSON.stringify(problem));
      assert.deepEqual(others, []);
      assert.match(
        problem.message,
        /^\d+ apps came to SHARED_APPS after the migrations were recorded in schema "public"/,
      );
      await project.repair(problem.help ?? '');
      assert.deepEqual(await check(project), []);
    } finally {
      await project.close();
    }
  });

  it('and for settings without tenants', async () => {
    const project = await open('plain');
    try {
      const [problem, ...others] = await explained(project);
      assert.equal(problem?.code, 'DBB6096', JSON.stringify(problem));
      assert.deepEqual(others, []);
      assert.match(problem.message, /which belonged to tenants then/);
      await project.repair(problem.help ?? '');
      assert.deepEqual(await check(project), []);
    } finally {
      await project.close();
    }
  });

  it('and where an app that is there depends on one that is missing', async () => {
    const project = await open();
    try {
      // As if "carriers" had come to TENANT_APPS: "plants" refers to it, and has its tables.
      await project.rows(`do $$ declare s text; begin foreach s in array array['corner_shop', 'test_tenant'] loop
        execute format('drop table %I.carriers_rate, %I.carriers_carrier cascade', s, s); end loop; end $$;
        create table public.carriers_carrier (id int); create table public.carriers_rate (id int)`);
      const [problem, ...others] = await explained(project);
      assert.equal(problem?.code, 'DBB6096', JSON.stringify(problem));
      assert.deepEqual(others, []);
      assert.match(
        problem.message,
        /^the app "carriers" came to TENANT_APPS after the migrations were recorded in the schemas of 2 tenants/,
      );
      const { findings } = await examineFolder([movedApps], project.folder, {
        python: project.python,
        settings: project.settings,
        env: { DATABASE_URL: project.url },
        evidence: () =>
          Promise.resolve({
            database: { query: (text, values) => project.rows(text, [...(values ?? [])]) } as TaskClient,
          }),
      });
      assert.deepEqual(
        findings.map(({ code, help }) => [code, help]),
        [['DBB6096', problem.help]],
      );
      await project.repair(problem.help ?? '');
      // The key of the app that is there went with the table that it refers to.
      const [key, ...more] = await check(project);
      assert.equal(key?.code, 'DBB6098');
      assert.deepEqual(more, []);
      await project.rows((key.help ?? '').replace(/^run: /, ''));
      assert.deepEqual(await check(project), []);
      const { code, output } = await project.manage('migrate_schemas', '--check');
      assert.equal(code, 0, output);
    } finally {
      await project.close();
    }
  });

  it('and several tables of apps that have others, whose keys lead to each other, are made anew together', async () => {
    const project = await open();
    try {
      await project.rows(`drop table corner_shop.carriers_carrier, corner_shop.plants_plant cascade`);
      const [problem, ...others] = await explained(project);
      assert.equal(problem?.code, 'DBB6012', JSON.stringify(problem));
      assert.deepEqual(others, []);
      await project.repair(problem.help ?? '');
      assert.deepEqual(await check(project), []);
    } finally {
      await project.close();
    }
  });
});
