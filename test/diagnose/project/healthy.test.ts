import assert from 'node:assert/strict';
import { join } from 'node:path';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { loadWorkflow } from '../../../config/index.js';
import type { Evidence } from '../../../lib/diagnose/index.js';
import { builtinKinds } from '../../../tasks/index.js';
import { wholesaleDirectory } from '../../support/wholesale.js';
import type { Kind } from '../../support/django-project.js';
import { examineFolder, examineProject } from '../../support/django-project.js';

describe('healthy projects', () => {
  const kinds: readonly Kind[] = ['plain', 'tenants', 'types'];
  for (const kind of kinds)
    for (const set of ['old', 'new'] as const)
      it(`finds nothing in a healthy project (${kind}, ${set})`, async () => {
        const { findings, leftOut } = await examineProject(projectRules, () => undefined, { kind, set });
        assert.deepEqual(findings, []);
        assert.deepEqual(
          leftOut.filter(({ lacks }) => lacks === 'host'),
          [],
        );
      });

  it('finds nothing in a healthy project whose manage.py stands in a folder of its own', async () => {
    const { findings } = await examineProject(projectRules, () => undefined, { folder: 'backend' });
    assert.deepEqual(findings, []);
  });

  for (const set of ['old', 'new'] as const)
    it(`finds nothing in the example, with its config (${set})`, async () => {
      const evidence = async (cwd: string): Promise<Partial<Evidence>> => {
        const env = { DATABASE_URL: 'postgres://shop:secret-password@127.0.0.1:1/shop_test' };
        return { workflow: (await loadWorkflow({ cwd, env, builtinKinds })).workflow };
      };
      const { findings } = await examineFolder(projectRules, join(process.cwd(), 'examples/django-tenants'), {
        set,
        evidence,
        settings: 'wholesale.settings.test',
      });
      assert.deepEqual(findings, []);
    });

  for (const settings of ['wholesale.settings', 'wholesale.settings_plain', 'wholesale.settings_types'])
    it(`finds nothing in a project with three kinds of settings (${settings})`, async () => {
      const { findings } = await examineFolder(projectRules, wholesaleDirectory, { settings });
      // manage.py names the first of them.
      assert.deepEqual(
        findings.map(({ code }) => code),
        settings === 'wholesale.settings' ? [] : ['DBB6049'],
      );
    });

  it('finds of an app that stands in another database that nobody migrates it, and nothing else', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files
        .write('audit/__init__.py', '')
        .write(
          'audit/models.py',
          'from django.db import models\n\n\nclass Entry(models.Model):\n    text = models.TextField()\n',
        )
        .write('audit/migrations/__init__.py', '')
        .write(
          'audit/migrations/0001_initial.py',
          'from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel("Entry", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("text", models.TextField())])]\n',
        )
        .write(
          'shop/routers.py',
          'class Audit:\n    def allow_migrate(self, db, app_label, **hints):\n        return db == "audit" if app_label == "audit" else None\n',
        )
        .append(
          'shop/settings/base.py',
          '\nINSTALLED_APPS += ["audit"]\nDATABASE_ROUTERS = ["shop.routers.Audit", *DATABASE_ROUTERS]\nDATABASES["audit"] = dict(DATABASES["default"], ENGINE="django.db.backends.postgresql", NAME="audit")\n',
        ),
    );
    assert.deepEqual(
      findings.map(({ code, severity, subject }) => [code, severity, subject]),
      [['DBB6058', 'warning', { alias: 'audit', apps: 'audit' }]],
    );
  });
});
