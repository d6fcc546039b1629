import assert from 'node:assert/strict';
import { projectRules, settingsModules } from '../../../lib/diagnose/project/index.js';
import type { Examination, Finding } from '../../../lib/diagnose/index.js';
import { examineProject, type ProjectFiles, type ProjectOptions } from '../../support/django-project.js';

const production = 'shop/settings/production.py';
const tenantsInTests =
  'INSTALLED_APPS = ["django_tenants", *INSTALLED_APPS]\nSHARED_APPS = INSTALLED_APPS\nTENANT_APPS = ["orders"]\nTENANT_MODEL = "orders.Order"\nTENANT_DOMAIN_MODEL = "orders.Order"\nDATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]\nDATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"\nMIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", *MIDDLEWARE]\n';

/** What names a settings module: the module that a server starts Django with. */
const started = (files: ProjectFiles, module: string, by = 'shop/wsgi.py'): ProjectFiles =>
  files.write(by, `import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${module}")\n`);

const examined = (fault: (files: ProjectFiles) => unknown, options?: ProjectOptions): Promise<Examination> =>
  examineProject(
    [settingsModules],
    (files) => {
      started(files, 'shop.settings.production');
      fault(files);
    },
    options,
  );
const findingsOf = async (...args: Parameters<typeof examined>): Promise<readonly Finding[]> =>
  (await examined(...args)).findings;

describe('settings modules that disagree on tenancy', () => {
  it('tells that production has no tenants, side by side, with the likelier way out first', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      started(files, 'shop.settings.production').write(
        production,
        'from .base import *\n\nINSTALLED_APPS.remove("django_tenants")\nDATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"\nDATABASE_ROUTERS = []\nMIDDLEWARE = []\n',
      ),
    );
    assert.deepEqual(
      findings.map(({ code, severity, subject }) => [code, severity, subject]),
      [
        [
          'DBB6049',
          undefined,
          { settings: 'shop.settings.test', other: 'shop.settings.production', setting: 'INSTALLED_APPS' },
        ],
      ],
    );
    const [{ evidence, place, help, message }] = findings as [Finding];
    assert.equal(message, 'only shop.settings.test makes this a django-tenants project');
    assert.deepEqual(evidence, [
      'shop.settings.test has the app django_tenants (shop/settings/base.py:33), its database engine (shop/settings/base.py:11), its router (shop/settings/base.py:38) and its middleware (shop/settings/base.py:34)',
      'shop.settings.production (named by shop/wsgi.py:3) has nothing of django_tenants; it sets TENANT_MODEL, SHARED_APPS and TENANT_APPS (shop/settings/base.py:39), which only django_tenants reads',
      'the tenant model accounts.models.Client (accounts/models.py:5) inherits django_tenants.models.TenantMixin: it is a TenantMixin',
    ]);
    assert.match(
      help ?? '',
      /^install django_tenants in shop\.settings\.production as shop\.settings\.test does; or take django_tenants out of shop\.settings\.test: take "django_tenants" out of INSTALLED_APPS/,
    );
    assert.equal(place?.source, 'INSTALLED_APPS.remove("django_tenants")');
  });

  for (const [name, apps] of [
    ['lists of apps for reference', ''],
    ['a domain model that is another plain model', 'TENANT_DOMAIN_MODEL = "catalog.Product"\n'],
    ['an app in no list', 'SHARED_APPS = ["django_tenants", "catalog"]\n'],
  ] as const)
    it(`tells one fact where only the tests have tenants, and the tenant model is a plain model: ${name}`, async () => {
      const { findings } = await examineProject(
        projectRules,
        (files) =>
          started(files, 'shop.settings.production')
            .append(
              'shop/settings/base.py',
              '# INSTALLED_APPS = ["django_tenants", *INSTALLED_APPS]\nSHARED_APPS = ["django_tenants", "catalog"]\nTENANT_APPS = ["orders", "carriers"]\n',
            )
            .append('shop/settings/test.py', `${tenantsInTests}${apps}`),
        { kind: 'plain' },
      );
      assert.deepEqual(
        findings.map(({ code, severity = 'error' }) => [code, severity]),
        [['DBB6049', 'error']],
      );
      const [{ message, help = '', evidence, place }] = findings as [Finding];
      assert.equal(message, 'only shop.settings.test makes this a django-tenants project');
      assert.match(help, /^take django_tenants out of shop\.settings\.test: .* MIDDLEWARE; or install/);
      assert.match(help, /let orders\.models\.Order inherit TenantMixin$/);
      assert.equal(place?.file, 'shop/settings/test.py');
      assert.match(evidence.join('\n'), /^DBB6045: the tenant model orders\.models\.Order is not a Tenant/m);
      assert.match(
        evidence.join('\n'),
        /production .* sets SHARED_APPS and TENANT_APPS .*only django_tenants/,
      );
    });

  it('joins what is left of tenants in the settings that have none', async () => {
    const { findings } = await examineProject(
      projectRules,
      (files) =>
        files
          .append(
            'shop/settings/base.py',
            'MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware"]\n',
          )
          .append('shop/settings/ci.py'.replace('ci', 'production'), tenantsInTests)
          .write(
            '.gitlab-ci.yml',
            'test:\n  script: python manage.py test --settings=shop.settings.production\n',
          ),
      { kind: 'plain' },
    );
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['DBB6049'],
    );
    assert.match(findings[0]?.evidence.at(-1) ?? '', /^DBB6048: .*its middleware is set/);
  });

  it('warns of an app that stands elsewhere, of one that is missing, and of another tenant model', async () => {
    const [finding, ...others] = await findingsOf((files) =>
      files.write(
        production,
        'from . import base\nfrom .base import *\n\nTENANT_APPS = [app for app in base.TENANT_APPS if app != "carriers"]\nSHARED_APPS = base.SHARED_APPS + ["carriers"]\nINSTALLED_APPS = [app for app in base.INSTALLED_APPS if app != "orders"]\nTENANT_MODEL = "accounts.Customer"\n',
      ),
    );
    assert.deepEqual(others, []);
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding.subject, {
      settings: 'shop.settings.test',
      other: 'shop.settings.production',
      setting: 'TENANT_MODEL',
    });
    assert.match(
      finding.help ?? '',
      /^let shop\.settings\.production and shop\.settings\.test import TENANT_MODEL/,
    );
    assert.deepEqual(
      finding.evidence.map((line) => line.replaceAll(/ \(\S+\)/g, '')),
      [
        'TENANT_MODEL: "accounts.Client" in shop.settings.test, "accounts.Customer" in shop.settings.production',
        'app "carriers": TENANT_APPS in shop.settings.test, SHARED_APPS in shop.settings.production',
        'app "orders": TENANT_APPS in shop.settings.test, not installed in shop.settings.production',
        'shop.settings.production is named by shop/wsgi.py:3',
      ],
    );
  });

  it('warns of a module for another kind of database, which is meant to differ', async () => {
    const [finding] = await findingsOf((files) =>
      files.write(
        production,
        'from .base import *\n\nINSTALLED_APPS.remove("django_tenants")\nDATABASE_ROUTERS = []\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "local.db"}}\n',
      ),
    );
    assert.equal(finding?.severity, 'warning');
  });

  it('tells a part that only one of two modules has, in a module that CI names', async () => {
    const [finding, ...others] = await findingsOf((files) => {
      for (const name of ['__init__', 'test', 'production']) files.remove(`shop/settings/${name}.py`);
      files
        .move('shop/settings/base.py', 'shop/settings.py')
        .edit('manage.py', 'shop.settings.test', 'shop.settings')
        .remove('shop/wsgi.py')
        .write('shop/settings_test.py', 'from shop.settings import *\n\nDATABASE_ROUTERS = ()\n')
        .write(
          'pytest.ini',
          '[pytest]\n# DJANGO_SETTINGS_MODULE = shop.old_settings\nDJANGO_SETTINGS_MODULE = shop.settings_test\n',
        );
    });
    assert.deepEqual(others, []);
    assert.deepEqual(finding?.subject, {
      settings: 'shop.settings',
      other: 'shop.settings_test',
      setting: 'DATABASE_ROUTERS',
    });
  });

  it('loads a module with the environment at hand, and takes the branch that it takes', async () => {
    const branch = (taken: string, other: string): string =>
      `from .base import *\nimport os\n\nif os.environ.get("DATABASE_URL"):\n    DATABASE_ROUTERS = ${taken}\nelse:\n    DATABASE_ROUTERS = ${other}\n`;
    const routers = '["django_tenants.routers.TenantSyncRouter"]';
    assert.deepEqual(await findingsOf((files) => files.write(production, branch(routers, '[]'))), []);
    const [finding] = await findingsOf((files) => files.write(production, branch('[]', routers)));
    assert.equal(finding?.place?.line, 5);
    const [loop] = await findingsOf((files) =>
      files.write(
        production,
        'from .base import *\n\nfor part in [1]:\n    globals()["DATABASE_ROUTERS"] = []\n    print("loaded")\n',
      ),
    );
    assert.equal(loop?.subject.setting, 'DATABASE_ROUTERS');
    assert.equal(loop.place?.file, 'shop/settings/base.py');
  });

  it('lists what does not load, and says nothing of tools that one module adds, nor of modules that nothing names', async () => {
    const { findings, notExamined } = await examined((files) => {
      files
        .write(
          'shop/settings/dev.py',
          'from .base import *\n\nINSTALLED_APPS += ["debug_toolbar"]\nSHARED_APPS += ["debug_toolbar"]\n',
        )
        .write(production, 'from .base import *\nimport os\n\nSECRET_KEY = os.environ["SHOP_SECRET"]\n')
        .write('shop/settings/qa.py', 'import os\n\nos.kill(os.getpid(), 9)\n')
        .write('shop/settings/live.py', 'from .base import *\n\nDATABASE_ROUTERS = []\n')
        .write('Procfile', 'web: django-admin runserver --settings shop.settings.dev\n')
        .write('Dockerfile', 'ENV DJANGO_SETTINGS_MODULE=shop.settings.qa\n');
    });
    assert.deepEqual(findings, []);
    assert.deepEqual(notExamined, [
      {
        notExamined: 'shop.settings.qa (named by Dockerfile:1)',
        why: 'it does not load here: it ended the process with exit code -9',
      },
      {
        notExamined: 'shop.settings.production (named by shop/wsgi.py:3)',
        why: "it does not load here: KeyError: KeyError: 'SHOP_SECRET'",
      },
    ]);
  });
});
