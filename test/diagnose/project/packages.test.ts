import assert from 'node:assert/strict';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import type { Finding } from '../../../lib/diagnose/index.js';
import { examineProject, type ProjectFiles } from '../../support/django-project.js';

const base = 'shop/settings/base.py';
const inPackage = 'lib/site-packages/badges';

const migrationOf = (dependencies: string, operations: string): string =>
  `from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = [${dependencies}]\n    operations = [${operations}]\n`;
const key = (type: string): string =>
  `("id", models.${type}(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))`;

/** A project without tenants that uses an installed package with a model. */
const withPackage = (files: ProjectFiles, type = 'BigAutoField'): ProjectFiles =>
  files
    .edit(base, 'import os\n', 'import os\nimport sys\n\nsys.path.append("lib/site-packages")\n')
    .edit(base, '"carriers", "orders"]', '"carriers", "orders", "badges"]')
    .write(`${inPackage}/__init__.py`, '')
    .write(
      `${inPackage}/models.py`,
      'from django.db import models\n\n\nclass Badge(models.Model):\n    name = models.CharField(max_length=9)\n',
    )
    .write(`${inPackage}/migrations/__init__.py`, '')
    .write(
      `${inPackage}/migrations/0001_initial.py`,
      migrationOf(
        '',
        `migrations.CreateModel("Badge", [${key(type)}, ("name", models.CharField(max_length=9))])`,
      ),
    );

const findingsOf = async (fault: (files: ProjectFiles) => unknown): Promise<readonly Finding[]> =>
  (await examineProject(projectRules, fault, { kind: 'plain' })).findings;

describe('faults of an installed package', () => {
  const faults: readonly (readonly [
    name: string,
    fault: (files: ProjectFiles) => unknown,
    code: string,
    help: RegExp,
  ])[] = [
    [
      'models that differ from the migrations',
      (files) => withPackage(files).append(`${inPackage}/models.py`, '    rank = models.IntegerField()\n'),
      'DBB6006',
      /^install a release of the package of "badges" whose migrations make what its models say$/,
    ],
    [
      'two leaf nodes',
      (files) =>
        withPackage(files)
          .write(`${inPackage}/migrations/0002_a.py`, migrationOf('("badges", "0001_initial")', ''))
          .write(`${inPackage}/migrations/0002_b.py`, migrationOf('("badges", "0001_initial")', '')),
      'DBB6007',
      /^remove the package of "badges" and install it anew/,
    ],
    [
      'a migration that depends on none that is there',
      (files) =>
        withPackage(files).write(
          `${inPackage}/migrations/0002_a.py`,
          migrationOf('("badges", "0001_initial"), ("orders", "0009_gone")', ''),
        ),
      'DBB6026',
      /^install releases of both packages that belong together/,
    ],
    [
      'no migrations',
      (files) =>
        withPackage(files)
          .remove(`${inPackage}/migrations/__init__.py`)
          .remove(`${inPackage}/migrations/0001_initial.py`),
      'DBB6054',
      /^name a package of the project in MIGRATION_MODULES\["badges"\]/,
    ],
  ];
  for (const [name, fault, code, help] of faults)
    it(`never asks for a change of its files: ${name}`, async () => {
      const [finding, ...others] = await findingsOf(fault);
      assert.deepEqual(others, []);
      assert.equal(finding?.code, code);
      assert.match(finding.help ?? '', help);
      assert.doesNotMatch(finding.help ?? '', /commit|site-packages/);
    });

  it('tells that a key follows DEFAULT_AUTO_FIELD, with a repair in the project that cures', async () => {
    const [finding, ...others] = await findingsOf((files) => withPackage(files, 'AutoField'));
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6006');
    assert.match(
      finding.help ?? '',
      /^write an AppConfig for "badges" in the project whose default_auto_field/,
    );
    const cured = await findingsOf((files) =>
      withPackage(files, 'AutoField')
        .edit(base, '"badges"]', '"shop.apps.Badges"]')
        .write(
          'shop/apps.py',
          'from django.apps import AppConfig\n\n\nclass Badges(AppConfig):\n    name = "badges"\n    default_auto_field = "django.db.models.AutoField"\n',
        ),
    );
    assert.deepEqual(cured, []);
  });

  it('names the router, and not the lists, where both models are of one app', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files
        .write(
          'shop/routers.py',
          'from django.db import connection\n\n\nclass Split:\n    def allow_migrate(self, db, app_label, model_name=None, **hints):\n        if model_name == "depot":\n            return connection.schema_name == "a tenant"\n        if model_name == "carrier":\n            return False\n        return None\n',
        )
        .edit(base, 'DATABASE_ROUTERS = [', 'DATABASE_ROUTERS = ["shop.routers.Split", ')
        .append(
          'carriers/models.py',
          '\n\nclass Depot(models.Model):\n    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE)\n',
        ),
    );
    const helps = findings.map(({ help = '' }) => help);
    assert.doesNotMatch(helps.join('\n'), /"carriers" to TENANT_APPS, or the app "carriers"/);
  });
});
