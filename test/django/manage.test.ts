import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openHost } from '../support/host.js';
import { createTestDatabase } from '../support/postgres.js';
import { pythonOf } from '../support/python.js';

const settings = (app: string): string =>
  `import os\nfrom urllib.parse import urlparse\nURL = urlparse(os.environ["DATABASE_URL"])\nSECRET_KEY = "x"\n` +
  `INSTALLED_APPS = ["${app}"]\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": URL.path[1:], ` +
  `"HOST": URL.hostname, "PORT": URL.port, "USER": URL.username, "PASSWORD": URL.password or ""}}\n`;
const rest = `\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n`;

describe('a project whose manage.py prepares it', () => {
  let folder: string;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  before(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'db-bootstrap-manage-'));
    const files = {
      'shop/__init__.py': '',
      'shop/ci.py': settings('goods'),
      'shop/dev.py': settings('django.contrib.contenttypes'),
      'shop/__main__.py': '',
      'apps/goods/__init__.py': '',
      'apps/goods/models.py':
        'from django.db import models\n\nclass Item(models.Model):\n    name = models.TextField()\n',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The settings and the apps as the host has them, and the exit code of `manage.py check`. */
  async function load(manage: string, env: Record<string, string> = {}): Promise<unknown[]> {
    const file = join(folder, 'manage.py');
    await writeFile(file, `import os, sys\n${manage}`);
    const host = await openHost({ directory: folder, url: database.url, env });
    try {
      const { settingsModule, apps } = await host
        .forTask()
        .request<{ settingsModule: string; apps: { label: string }[] }>('inspect');
      const given = { ...process.env, DATABASE_URL: database.url, ...env };
      await promisify(execFile)(await pythonOf('old'), [file, 'check'], { cwd: folder, env: given });
      return [settingsModule, ...apps.map(({ label }) => label)];
    } finally {
      await host.close();
    }
  }

  const main = 'if __name__ == "__main__":\n    ';
  const path = 'sys.path.append("apps")\n';
  const plain = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.ci")';

  it('has the paths that it appends', async () => {
    assert.deepEqual(await load(path + main + plain + rest), ['shop.ci', 'goods']);
  });

  it('has the variables that it sets, and the settings that it computes', async () => {
    const computed = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop." + os.environ["STAGE"])';
    const manage = `${path}os.environ.setdefault("STAGE", "ci")\n${main}${computed}${rest}`;
    assert.deepEqual(await load(manage), ['shop.ci', 'goods']);
    assert.deepEqual(await load(manage, { STAGE: 'dev' }), ['shop.dev', 'contenttypes']);
  });

  it('has the settings of the environment all the same', async () => {
    assert.deepEqual(await load(main + plain + rest, { DJANGO_SETTINGS_MODULE: 'shop.dev' }), [
      'shop.dev',
      'contenttypes',
    ]);
  });

  it('is told as it fails, with the place', async () => {
    const manage = `${main}${plain}\n    raise RuntimeError("no licence")\n`;
    await assert.rejects(load(manage), /no licence/);
    await assert.rejects(
      load(manage),
      (error: { problems: { place?: { file: string; line?: number } }[] }) => {
        assert.deepEqual([error.problems[0]?.place?.file, error.problems[0]?.place?.line], ['manage.py', 4]);
        return true;
      },
    );
  });
});
