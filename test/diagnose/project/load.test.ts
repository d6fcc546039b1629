import assert from 'node:assert/strict';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { examineProject } from '../../support/django-project.js';

const base = 'shop/settings/base.py';

describe('loading the project', () => {
  it('tells settings that do not import, with the line and the variable', async () => {
    const { findings } = await examineProject(projectRules, (files) =>
      files.edit(base, 'SECRET_KEY = "test"', 'SECRET_KEY = os.environ["SHOP_SECRET_KEY"]'),
    );
    const [finding, ...others] = findings;
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6003');
    assert.equal(finding.message, "KeyError: 'SHOP_SECRET_KEY'");
    assert.deepEqual(finding.subject, { settings: 'shop.settings.test', problem: 'settings' });
    assert.equal(finding.place?.file, base);
    assert.match(finding.place.source ?? '', /SHOP_SECRET_KEY/);
    assert.match(finding.help ?? '', /set the variable that they miss under "env"/);
    assert.match(finding.output ?? '', /shop\/settings\/test\.py:1/);
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
});
