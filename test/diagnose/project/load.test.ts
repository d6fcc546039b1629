import assert from 'node:assert/strict';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { loadWorkflow } from '../../../config/index.js';
import type { Finding } from '../../../lib/diagnose/index.js';
import { builtinKinds } from '../../../tasks/index.js';
import { examineProject, type ProjectFiles } from '../../support/django-project.js';

const base = 'shop/settings/base.py';

describe('loading the project', () => {
  it('tells settings that do not import, with the line and the variable', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files.edit(base, 'SECRET_KEY = "test"', 'SECRET_KEY = os.environ["SHOP_SECRET_KEY"]'),
    );
    const [finding, ...others] = findings;
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6003');
    assert.equal(
      finding.message,
      'the settings read the variable "SHOP_SECRET_KEY" of the environment, which is not set',
    );
    assert.deepEqual(finding.subject, { settings: 'shop.settings.test', problem: 'settings', file: base });
    assert.equal(finding.place?.file, base);
    assert.match(finding.place.source ?? '', /SHOP_SECRET_KEY/);
    assert.match(
      finding.help ?? '',
      /^set SHOP_SECRET_KEY where the command is started, or under "env" in the config$/,
    );
    assert.match(finding.output ?? '', /shop\/settings\/test\.py:1/);
  });

  it('cuts what calls itself, and says that the settings ended the process', async () => {
    const one = await examineProject(projectRules, (files) =>
      files.append(base, '\ndef again():\n    return again()\n\n\nagain()\n'),
    );
    const [recursion] = one.findings;
    assert.match(recursion?.message ?? '', /^maximum recursion depth exceeded/);
    assert.match(recursion?.output ?? '', /^… \d+ more$/m);
    assert.ok((recursion?.output ?? '').split('\n').length <= 31);
    const other = await examineProject(projectRules, (files) =>
      files.append(base, '\nimport sys\n\nsys.exit("no key")\n'),
    );
    assert.equal(other.findings[0]?.message, "the settings ended the process ('no key')");
  });

  it('tells a model that does not import, with its frames', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files.edit(
        'orders/models.py',
        'from django.conf import settings',
        'from django.conf import settings\nimport shippo',
      ),
    );
    assert.deepEqual(
      findings.map(({ code, place }) => [code, place?.file, place?.line]),
      [['DBB6030', 'orders/models.py', 2]],
    );
    assert.match(findings[0]?.message ?? '', /No module named 'shippo'/);
  });

  it('tells a migration that does not import', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files.append('orders/migrations/0001_initial.py', '\nraise RuntimeError("half done")\n'),
    );
    assert.deepEqual(
      findings.map(({ code, place }) => [code, place?.file]),
      [['DBB6030', 'orders/migrations/0001_initial.py']],
    );
    assert.match(findings[0]?.message ?? '', /half done/);
  });

  it('tells an interpreter that is not there, once for all rules', async () => {
    const { findings } = await examineProject(projectRules, () => undefined, {
      python: '/nowhere/bin/python',
    });
    assert.deepEqual(
      findings.map(({ code, subject }) => [code, subject]),
      [['DBB6001', { problem: 'interpreter' }]],
    );
    assert.match(findings[0]?.help ?? '', /correct "django\.python"/);
  });

  it('tells an interpreter without Django, and a project without a settings module', async () => {
    const without = await examineProject(projectRules, () => undefined, { python: 'python3' });
    assert.deepEqual(
      without.findings.map(({ code }) => code),
      ['DBB6002'],
    );
    const unnamed = await examineProject(projectRules, (files) =>
      files.edit(
        'manage.py',
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.test")',
        'pass',
      ),
    );
    assert.deepEqual(
      unnamed.findings.map(({ code }) => code),
      ['DBB6004'],
    );
  });

  it('tells an engine that is not PostgreSQL, at its line', async () => {
    const { findings } = await examineProject(
      projectRules,
      (files) => files.edit(base, '"django.db.backends.postgresql"', '"django.db.backends.sqlite3"'),
      { kind: 'plain' },
    );
    assert.deepEqual(
      findings.map(({ code, subject }) => [code, subject.setting]),
      [['DBB6032', 'DATABASES']],
    );
    assert.match(findings[0]?.place?.source ?? '', /"ENGINE": "django\.db\.backends\.sqlite3"/);
  });

  const causes: readonly {
    readonly name: string;
    readonly fault: (files: ProjectFiles) => unknown;
    readonly subject: Readonly<Record<string, string>>;
    readonly message: RegExp;
    readonly help: RegExp;
    readonly line?: RegExp;
  }[] = [
    {
      name: 'an app in the settings that is no module',
      fault: (files) => files.edit(base, '    "carriers",\n', '    "carrierz",\n'),
      subject: { app: 'carrierz', setting: 'INSTALLED_APPS' },
      message: /^INSTALLED_APPS has "carrierz", and there is no module named "carrierz"$/,
      help: /^correct "carrierz" in INSTALLED_APPS, or install the package that has it$/,
      line: /^ {4}"carrierz",$/,
    },
    {
      name: 'an app that is used and not installed',
      fault: (files) =>
        files
          .edit(base, '    "carriers",\n', '')
          .edit(
            'orders/models.py',
            'from django.conf import settings',
            'from carriers.models import Carrier\nfrom django.conf import settings',
          ),
      subject: { app: 'carriers', setting: 'INSTALLED_APPS' },
      message: /^the app "carriers" is not in INSTALLED_APPS, and its models are imported \(/,
      help: /^add "carriers" to INSTALLED_APPS, and to SHARED_APPS or TENANT_APPS$/,
      line: /^INSTALLED_APPS = /,
    },
    {
      name: 'the config of an app that names another',
      fault: (files) =>
        files.write(
          'carriers/apps.py',
          'from django.apps import AppConfig\n\n\nclass CarriersConfig(AppConfig):\n    name = "carrierz"\n',
        ),
      subject: { app: 'carrierz', class: 'carriers.apps.CarriersConfig' },
      message: /^Cannot import 'carrierz'/,
      help: /^correct "name" in carriers\.apps\.CarriersConfig$/,
      line: /^ {4}name = "carrierz"$/,
    },
    {
      name: 'an engine that is none',
      fault: (files) =>
        files.edit(base, '"django_tenants.postgresql_backend"', '"django_tenants.postgresql_backed"'),
      subject: { setting: 'DATABASES', engine: 'django_tenants.postgresql_backed' },
      message: /isn't an available database backend/,
      help: /^set ENGINE to /,
      line: /"ENGINE": /,
    },
    {
      name: 'a setting that names a model that is none',
      fault: (files) => files.append(base, '\nAUTH_USER_MODEL = "accounts.User"\n'),
      subject: { setting: 'AUTH_USER_MODEL' },
      message: /^AUTH_USER_MODEL refers to model 'accounts\.User'/,
      help: /^correct AUTH_USER_MODEL$/,
      line: /^AUTH_USER_MODEL = /,
    },
    {
      name: 'migrations that depend on each other in a circle',
      fault: (files) =>
        files
          .write(
            'carriers/migrations/0002_code.py',
            'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("carriers", "0001_initial")]\n',
          )
          .edit(
            'carriers/migrations/0001_initial.py',
            'dependencies = []',
            'dependencies = [("carriers", "0002_code")]',
          ),
      subject: { app: 'carriers', migration: '0001_initial' },
      message: /^migrations depend on each other in a circle: carriers\.0001_initial, carriers\.0002_code$/,
      help: /^take the dependency that leads back out of "dependencies"$/,
      line: /dependencies = \[\("carriers", "0002_code"\)\]/,
    },
  ];
  for (const { name, fault, subject, message, help, line } of causes)
    for (const set of ['old', 'new'] as const)
      it(`tells ${name} (${set})`, async () => {
        const { findings } = await examineProject(projectRules, fault, { set });
        assert.deepEqual(
          findings.map((finding) => [finding.code, finding.subject]),
          [['DBB6030', { ...subject, settings: 'shop.settings.test', problem: 'project' }]],
        );
        const [finding] = findings as [Finding];
        assert.match(finding.message, message);
        assert.match(finding.help ?? '', help);
        if (line) assert.match(finding.place?.source ?? '', line);
      });

  it('tells a settings module that is not there, where the config names it', async () => {
    const { findings } = await examineProject(
      projectRules,
      (files) =>
        files.write(
          '.bootstraprc',
          'preset: django-tenants\ndatabase: ${DATABASE_URL}\ndjango:\n  settings: shop.settings.tset\n',
        ),
      {
        settings: 'shop.settings.tset',
        evidence: async (cwd) => {
          const env = { DATABASE_URL: 'postgres://127.0.0.1:1/shop' };
          return { workflow: (await loadWorkflow({ cwd, env, builtinKinds })).workflow };
        },
      },
    );
    assert.deepEqual(
      findings.map(({ code, place }) => [code, place?.file, place?.line]),
      [['DBB6003', '.bootstraprc', 4]],
    );
  });
});
