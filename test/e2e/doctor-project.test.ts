import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, copyExample } from '../support/command.js';
import { createTestDatabase, dump } from '../support/postgres.js';
import { virtualEnv } from '../support/python.js';

describe('db-bootstrap doctor on a project that Django does not load', function () {
  this.timeout(120_000);
  let project: ReturnType<typeof copyExample>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  before(async () => {
    project = copyExample('django-tenants', await virtualEnv('old'));
    database = await createTestDatabase();
    const settings = join(project.folder, 'wholesale/settings/base.py');
    const text = readFileSync(settings, 'utf8');
    writeFileSync(settings, text.replace('["django_tenants.routers.TenantSyncRouter"]', '[]'));
  });
  after(async () => {
    await database.drop();
    project.remove();
  });

  it('names the setting, and nothing that only follows from it', async () => {
    const { code, stdout } = await bootstrap(['doctor', '--json'], {
      cwd: project.folder,
      env: { DATABASE_URL: database.url },
    });
    assert.equal(code, 3, stdout);
    const { findings } = JSON.parse(stdout) as {
      findings: { code: string; at: string; subject: { setting: string }; help: string }[];
    };
    assert.deepEqual(
      findings.map((finding) => [finding.code, finding.at, finding.subject.setting]),
      [['DBB6048', 'wholesale/settings/base.py:36:1', 'DATABASE_ROUTERS']],
    );
    assert.match(findings[0]?.help ?? '', /^complete it: add "django_tenants\.routers\.TenantSyncRouter"/);
  });

  it('stops a run before anything is changed, for the same reason', async () => {
    const before = await dump(database.url, '--exclude-schema=db_bootstrap');
    const { code, stdout, stderr } = await bootstrap(['run', '--skip', 'venv,init'], {
      cwd: project.folder,
      env: { DATABASE_URL: database.url },
    });
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout + stderr, /error\[DBB6048\]/);
    assert.equal(await dump(database.url, '--exclude-schema=db_bootstrap'), before);
  });
});
