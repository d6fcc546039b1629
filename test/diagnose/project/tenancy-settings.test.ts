import assert from 'node:assert/strict';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { examineProject, type Kind, type ProjectFiles } from '../../support/django-project.js';

const base = 'shop/settings/base.py';
const noRouter = (files: ProjectFiles): unknown =>
  files.edit(base, 'DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]\n', '');
const plainEngine = (files: ProjectFiles): unknown =>
  files.edit(base, '"django_tenants.postgresql_backend"', '"django.db.backends.postgresql"');

const faults: readonly {
  readonly name: string;
  readonly kind?: Kind;
  readonly fault: (files: ProjectFiles) => unknown;
  readonly setting: string;
  readonly line: string;
  readonly help: RegExp;
}[] = [
  {
    name: 'the app with the standard engine',
    fault: plainEngine,
    setting: 'DATABASES',
    line: '"ENGINE": "django.db.backends.postgresql"',
    help: /^complete it: set ENGINE to "django_tenants.postgresql_backend"$/,
  },
  {
    name: 'the engine without the app',
    fault: (files) =>
      files.edit(
        base,
        'if app not in SHARED_APPS]',
        'if app not in SHARED_APPS]\nINSTALLED_APPS.remove("django_tenants")',
      ),
    setting: 'INSTALLED_APPS',
    line: 'INSTALLED_APPS.remove("django_tenants")',
    help: /^complete it: add "django_tenants" to INSTALLED_APPS and SHARED_APPS$/,
  },
  {
    name: 'the engine in a project without tenants',
    kind: 'plain',
    fault: (files) =>
      files.edit(base, '"django.db.backends.postgresql"', '"django_tenants.postgresql_backend"'),
    setting: 'DATABASES',
    line: '"ENGINE": "django_tenants.postgresql_backend"',
    help: /^remove it: set ENGINE to "django.db.backends.postgresql"$/,
  },
  {
    name: 'the middleware in a project without tenants',
    kind: 'plain',
    fault: (files) =>
      files.edit(
        base,
        'MIDDLEWARE = [',
        'MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", ',
      ),
    setting: 'MIDDLEWARE',
    line: 'MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", ',
    help: /^remove it: take "django_tenants.middleware.main.TenantMainMiddleware" out of MIDDLEWARE$/,
  },
  {
    name: 'no sync router',
    fault: noRouter,
    setting: 'DATABASE_ROUTERS',
    line: '',
    help: /^complete it: add "django_tenants.routers.TenantSyncRouter" to DATABASE_ROUTERS$/,
  },
];

describe('the settings of tenancy', () => {
  for (const { name, kind = 'tenants', fault, setting, line, help } of faults)
    for (const set of ['old', 'new'] as const)
      it(`names what is set and what is not: ${name} (${set})`, async () => {
        const { findings } = await examineProject(projectRules, fault, { kind, set });
        const [finding] = findings;
        assert.deepEqual(
          findings.map(({ code, severity = 'error' }) => [code, severity]),
          [['DBB6048', 'error']],
        );
        assert.equal(finding?.subject.setting, setting);
        assert.match(finding.help ?? '', help);
        if (line !== '') assert.ok(finding.place?.source?.includes(line), finding.place?.source);
        assert.match(finding.place?.file ?? '', /^shop\/settings\//);
        const ways = finding.evidence.filter((text) => /^with(?:out)? tenants: /.test(text));
        assert.equal(ways.length, 2);
        assert.equal(finding.evidence.filter((text) => /^(?:not )?set /.test(text)).length, 4);
      });

  it('tells the whole matrix of a project that is half way, from its folder below the root', async () => {
    const { findings } = await examineProject(
      projectRules,
      (files) => {
        plainEngine(files);
        noRouter(files);
      },
      { folder: 'backend' },
    );
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['DBB6048'],
    );
    assert.equal(
      findings[0]?.message,
      'the settings are half those of a project with tenants: the app django_tenants and its middleware are set, its database engine and its router are not',
    );
    assert.equal(findings[0].place?.file, 'backend/shop/settings/base.py');
    assert.match(findings[0].help ?? '', /ENGINE.*; add .*DATABASE_ROUTERS/);
  });
});
