import assert from 'node:assert/strict';
import { projectRules, settingsModules } from '../../../lib/diagnose/project/index.js';
import type { Finding } from '../../../lib/diagnose/index.js';
import { examineProject, type ProjectFiles, type ProjectOptions } from '../../support/django-project.js';

const production = 'shop/settings/production.py';

const findingsOf = async (
  fault: (files: ProjectFiles) => unknown,
  options?: ProjectOptions,
): Promise<readonly Finding[]> => (await examineProject([settingsModules], fault, options)).findings;

describe('settings modules that disagree on tenancy', () => {
  it('tells that production has no tenants, side by side', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files.write(
        production,
        'from .base import *\n\nINSTALLED_APPS.remove("django_tenants")\nDATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"\nDATABASE_ROUTERS = []\n',
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
    assert.equal(
      message,
      'shop.settings.test and shop.settings.production disagree on tenancy: their databases will not be the same',
    );
    assert.deepEqual(evidence, [
      '"django_tenants" in INSTALLED_APPS: yes in shop.settings.test (shop/settings/base.py:33), no in shop.settings.production (shop/settings/production.py:3)',
      'ENGINE of the database: "django_tenants.postgresql_backend" in shop.settings.test (shop/settings/base.py:11), "django.db.backends.postgresql" in shop.settings.production (shop/settings/production.py:4)',
      '"django_tenants.routers.TenantSyncRouter" in DATABASE_ROUTERS: yes in shop.settings.test (shop/settings/base.py:38), no in shop.settings.production (shop/settings/production.py:5)',
    ]);
    assert.match(
      help ?? '',
      /^let shop\.settings\.production and shop\.settings\.test import INSTALLED_APPS, DATABASES, DATABASE_ROUTERS from one module/,
    );
    assert.equal(place?.source, 'INSTALLED_APPS.remove("django_tenants")');
  });

  it('tells tests that switch tenants on for a project that has none', async () => {
    const [finding, ...others] = await findingsOf(
      (files) =>
        files.append(
          'shop/settings/test.py',
          'INSTALLED_APPS = ["django_tenants", *INSTALLED_APPS]\nSHARED_APPS = INSTALLED_APPS\nTENANT_APPS = ["orders"]\nTENANT_MODEL = "orders.Order"\nTENANT_DOMAIN_MODEL = "orders.Order"\nDATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]\nDATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"\n',
        ),
      { kind: 'plain' },
    );
    assert.deepEqual(others, []);
    assert.equal(finding?.severity, undefined);
    assert.match(
      finding?.actual ?? '',
      /^"django_tenants" in INSTALLED_APPS: yes in shop\.settings\.test, no in shop\.settings\.production$/,
    );
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
      ],
    );
  });

  it('warns of a module for another kind of database, which is meant to differ', async () => {
    const [finding] = await findingsOf((files) =>
      files.write(
        'shop/settings/local.py',
        'from .base import *\n\nINSTALLED_APPS.remove("django_tenants")\nDATABASE_ROUTERS = []\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "local.db"}}\n',
      ),
    );
    assert.equal(finding?.severity, 'warning');
    assert.equal(finding.subject.other, 'shop.settings.local');
  });

  it('finds modules named like settings beside a settings.py', async () => {
    const [finding, ...others] = await findingsOf((files) => {
      for (const name of ['__init__', 'test', 'production']) files.remove(`shop/settings/${name}.py`);
      files
        .move('shop/settings/base.py', 'shop/settings.py')
        .edit('manage.py', 'shop.settings.test', 'shop.settings')
        .write('shop/settings_test.py', 'from shop.settings import *\n\nDATABASE_ROUTERS = ()\n')
        .write('shop/test_urls.py', 'INSTALLED_APPS = []\n');
    });
    assert.deepEqual(others, []);
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding.subject, {
      settings: 'shop.settings',
      other: 'shop.settings_test',
      setting: 'DATABASE_ROUTERS',
    });
  });

  it('says nothing of what only running a module would tell, and of tools that one module adds', async () => {
    const findings = await findingsOf((files) =>
      files
        .write(
          'shop/settings/dev.py',
          'from .base import *\n\nINSTALLED_APPS += ["debug_toolbar"]\nSHARED_APPS += ["debug_toolbar"]\n',
        )
        .write(
          'shop/settings/staging.py',
          'from .base import *\nimport tools\n\nINSTALLED_APPS = tools.apps()\nDATABASE_ROUTERS = tools.routers()\nSHARED_APPS = tools.shared()\n',
        )
        .write(
          'shop/settings/local.py',
          'from .base import *\nimport os\n\nif os.environ.get("NO_TENANTS"):\n    INSTALLED_APPS.remove("django_tenants")\n    DATABASE_ROUTERS = []\n',
        )
        .write('shop/settings/qa.py', 'from .base import *\n\nINSTALLED_APPS = [\n')
        .write('shop/settings/legacy.py', 'INSTALLED_APPS = []\n'),
    );
    assert.deepEqual(findings, []);
  });
});
