import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { parse, parseDocument } from 'yaml';
import { loadWorkflow } from '../../config/index.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { initRepository, inspectRepository, writeConfig } from '../../lib/cli/init/index.js';
import { builtinKinds } from '../../tasks/index.js';

const managePy = (settings: string): string =>
  `import os, sys\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\nfrom django.core.management import execute_from_command_line\n`;

describe('init (the command)', () => {
  let root: string;

  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'dbb-repo-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  function write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  }

  const config = (): Record<string, unknown> =>
    parse(writeConfig(inspectRepository(root))) as Record<string, unknown>;

  async function command(): Promise<string> {
    let text = '';
    const stdout = new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
    assert.equal(await initRepository({ cwd: root, stdout }), 0);
    return text;
  }

  it('finds a django-tenants project in a folder, its settings package, and its compose file', () => {
    write({
      'backend/manage.py': managePy('projectx.settings.dev'),
      'backend/projectx/__init__.py': '',
      'backend/projectx/settings/__init__.py': '',
      'backend/projectx/settings/base.py': `SHARED_APPS = [\n    "django_tenants",\n]\nTENANT_MODEL = "customers.Client"\nDATABASES = {"default": env.db()}\n`,
      'backend/projectx/settings/dev.py': 'from .base import *\n',
      'backend/projectx/settings/test.py': 'from .base import *\n',
      'compose.yaml': `services:
  db:
    image: postgres:\${PG:-15}-alpine
    environment: [POSTGRES_USER=app, 'POSTGRES_PASSWORD=\${SECRET}', POSTGRES_DB=shop]
    ports: ['127.0.0.1:5433:5432']
    volumes: ['./db/init:/docker-entrypoint-initdb.d:ro', 'data:/var/lib/postgresql/data']
  web: { image: nginx }
`,
      'db/init/01.sql': '',
      '.env': 'A=1\n',
    });
    const facts = inspectRepository(root);
    assert.deepEqual(facts.django, {
      managePy: 'backend/manage.py',
      directory: 'backend',
      settings: 'projectx.settings.dev',
      settingsModules: ['projectx.settings.dev', 'projectx.settings.base', 'projectx.settings.test'],
      tenancy: { file: 'backend/projectx/settings/base.py', line: 2 },
      tenantModel: 'customers.Client',
      connection: {
        kind: 'url',
        variable: 'DATABASE_URL',
        where: { file: 'backend/projectx/settings/base.py', line: 5 },
      },
    });
    assert.deepEqual(facts.services, [
      {
        file: 'compose.yaml',
        name: 'db',
        image: 'postgres:15-alpine',
        port: 5433,
        user: 'app',
        database: 'shop',
        initFolders: ['db/init'],
        initFiles: [],
      },
    ]);
    assert.deepEqual(config(), {
      preset: 'django-tenants',
      envFile: ['.env'],
      django: { directory: 'backend' },
      tasks: { init: { directory: 'db/init' } },
    });
    const text = writeConfig(facts);
    assert.match(text, /^# yaml-language-server: \$schema=\.\/node_modules\/db-bootstrap\/schema\.json\n/);
    assert.match(text, /DATABASE_URL=postgres:\/\/app:PASSWORD@localhost:5433\/shop/);
    assert.match(text, /env: \{ DJANGO_SETTINGS_MODULE: projectx\.settings\.test \}/);
  });

  for (const folder of ['', 'src/', 'libs/common/'])
    it(`finds settings outside of the folder of manage.py, or goes without them (${folder}conf)`, () => {
      write({
        'backend/manage.py': managePy('conf.settings.dev'),
        [`${folder}conf/settings/__init__.py`]: '',
        [`${folder}conf/settings/base.py`]: 'DATABASES = {"default": env.db()}\n',
        [`${folder}conf/settings/dev.py`]: 'from .base import *\n',
      });
      const { django } = inspectRepository(root);
      const isFound = folder !== 'libs/common/';
      // Four folders deep nobody looks.
      assert.deepEqual(django?.settingsModules, isFound ? ['conf.settings.dev', 'conf.settings.base'] : []);
      assert.equal(django.connection.kind, isFound ? 'url' : 'unknown');
    });

  it('finds plain Django', () => {
    write({ 'manage.py': managePy('site1.settings'), 'site1/settings.py': 'DATABASES = {}\n' });
    assert.deepEqual(config(), { preset: 'django' });
  });

  it('finds tenants in the requirements where the settings are out of sight', () => {
    write({
      'manage.py': managePy('x.settings'),
      'requirements/base.txt': '# comment\nDjango\ndjango-tenants==3.5.0\n',
    });
    const facts = inspectRepository(root);
    assert.deepEqual(facts.django?.tenancy, { file: 'requirements/base.txt', line: 3 });
  });

  it('takes no manage.py of others for Django, and looks into no dependency', () => {
    write({
      'manage.py': 'print("a tool")\n',
      'node_modules/x/manage.py': managePy('x'),
      'venv/lib/manage.py': managePy('x'),
    });
    assert.equal(inspectRepository(root).django, undefined);
  });

  const connections: [string, string, unknown][] = [
    ['nothing where DATABASE_URL is read', `dj_database_url.config(default="x")`, undefined],
    [
      'nothing where libpq decides',
      `{"default": {"NAME": os.environ["PGDATABASE"], "HOST": os.environ.get("PGHOST")}}`,
      undefined,
    ],
    ['another variable', `{"default": env.db("APP_DB_URL")}`, '${APP_DB_URL}'],
    [
      'variables with their defaults',
      `{\n  "default": {\n    "NAME": os.getenv("DB_NAME", "shop"),\n    "USER": os.environ.get("DB_USER", "app"),\n    'PASSWORD': config('DB_PASSWORD', default='p@ss/1'),\n    "HOST": os.environ["DB_HOST"],\n    "PORT": env.int("DB_PORT", default=5433),\n  }\n}`,
      {
        host: '${DB_HOST}',
        port: '${DB_PORT:-5433}',
        name: '${DB_NAME:-shop}',
        user: '${DB_USER:-app}',
        password: '${DB_PASSWORD}',
      },
    ],
    [
      'everything on one line',
      `{"default": {'NAME': os.environ.get('DB_NAME', 'a,b'), 'USER': 'app', 'PASSWORD': os.environ['PW'], 'HOST': 'db', 'PORT': 5433}}`,
      { host: 'db', port: 5433, name: '${DB_NAME:-a,b}', user: 'app', password: '${PW}' },
    ],
    [
      'fixed texts',
      `{"default": {\n"NAME": "shop",\n"USER": "app",\n}}`,
      { host: 'localhost', name: 'shop', user: 'app' },
    ],
  ];
  it('copies no password out of the settings, and says what to set', () => {
    for (const [password, variable] of [
      ['"hunter2"', 'PGPASSWORD'],
      ['os.environ.get("DB_PASSWORD", "hunter2")', 'DB_PASSWORD'],
    ] as const) {
      write({
        'manage.py': managePy('s.settings'),
        's/settings.py': `import os\nDATABASES = {"default": {"NAME": "shop", "USER": "app", "PASSWORD": ${password}}}\n`,
      });
      const text = writeConfig(inspectRepository(root));
      assert.doesNotMatch(text, /hunter2/);
      assert.ok(text.includes(`# The password that stands there is not copied: set ${variable}.\n`));
    }
  });

  for (const [name, databases, expected] of connections) {
    it(`writes for the database: ${name}`, () => {
      write({
        'manage.py': managePy('s.settings'),
        's/settings.py': `import os\nDATABASES = ${databases}\n`,
      });
      assert.deepEqual(config().database, expected);
    });
  }

  it('takes the database that is PostgreSQL where settings know others too', () => {
    write({
      'manage.py': managePy('s.settings'),
      's/settings.py': `import os
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.getenv("DB_NAME", BASE / "lite")}}
if os.getenv("DB") == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.getenv("DB_HOST", ""),
            "PORT": os.getenv("DB_PORT", ""),
            "NAME": os.getenv("DB_NAME", "hc"),
            "PASSWORD": envsecret("DB_PASSWORD", ""),
        }
    }
`,
    });
    assert.equal(inspectRepository(root).django?.connection.kind, 'parts');
    assert.deepEqual(config().database, {
      host: '${DB_HOST:-localhost}',
      port: '${DB_PORT:-5432}',
      name: '${DB_NAME:-hc}',
      password: '${DB_PASSWORD:-}',
    });
    write({
      's/settings.py': 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "lite"}}\n',
    });
    assert.deepEqual(inspectRepository(root).django?.connection, { kind: 'unknown' });
  });

  it('follows the name of a database that is put together elsewhere', () => {
    write({
      'manage.py': managePy('s.settings'),
      's/settings.py': `if ENGINE == "postgres":
    main = {
        "ENGINE": "django.db.backends.postgresql_psycopg2",
        "NAME": "shop",
    }
else:
    main = {"ENGINE": "django.db.backends.sqlite3", "NAME": "lite"}

DATABASES = {"default": main}
`,
    });
    const facts = inspectRepository(root);
    assert.deepEqual(facts.django?.connection, {
      kind: 'parts',
      parts: { NAME: { text: 'shop' } },
      where: { file: 's/settings.py', line: 2 },
    });
  });

  it('follows names to what settings read of the environment', () => {
    write({
      'manage.py': managePy('s.settings'),
      's/settings.py': `from .env import *
DB_HOST = env("POSTGRES_HOST", default="127.0.0.1")  # not of libpq
DB_USER: str = env("POSTGRES_USER", default=None)
DB_NAME = NAME = os.environ["POSTGRES_DB"]
if DEBUG:
    DB_PORT = 5433
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": SITE_NAME,
        "USER": DB_USER,
        "HOST": DB_HOST,
        "PORT": DB_PORT,
        "PASSWORD": env("POSTGRES_PASSWORD", default=None),
    }
}
SITE_NAME = DB_TITLE
DB_TITLE = get_env_variable("POSTGRES_DB_NAME")
`,
    });
    assert.deepEqual(config().database, {
      host: '${POSTGRES_HOST:-127.0.0.1}',
      name: '${POSTGRES_DB_NAME}',
      user: '${POSTGRES_USER}',
      password: '${POSTGRES_PASSWORD:-}',
    });
  });

  it('leaves init scripts to the server whose service mounts them', () => {
    const service = (image: string, folder: string): string =>
      `{ image: ${image}, volumes: ['./${folder}:/docker-entrypoint-initdb.d'] }`;
    for (const image of ['mysql:8', 'mariadb', 'docker.io/library/mysql:9']) {
      write({
        'mysql/docker-entrypoint-initdb.d/1.sql': '',
        'pg/docker-entrypoint-initdb.d/1.sql': '',
        'compose.yaml': `services:\n  a: ${service(image, 'mysql/docker-entrypoint-initdb.d')}\n  b: ${service('postgres:16', 'pg/docker-entrypoint-initdb.d')}\n`,
      });
      const { initFolders } = inspectRepository(root);
      assert.deepEqual(initFolders, ['pg/docker-entrypoint-initdb.d'], image);
    }
  });

  it('finds init scripts and nothing else', () => {
    write({ 'docker/docker-entrypoint-initdb.d/1.sql': '', 'docker-compose.yml': 'services: [broken' });
    assert.deepEqual(config(), {
      preset: 'sql',
      tasks: { init: { directory: 'docker/docker-entrypoint-initdb.d' } },
    });
  });

  it('writes valid YAML for an empty folder, and says what it found and what comes next', async () => {
    const text = await command();
    assert.match(text, /found nothing/);
    assert.match(text, /wrote \.bootstraprc\.yaml\nnext: npx db-bootstrap\n$/);
    const written = parseDocument(readFileSync(join(root, '.bootstraprc.yaml'), 'utf8'));
    assert.deepEqual([written.errors, written.toJS()], [[], { preset: 'sql' }]);
  });

  it('writes comments that are config once they are no comments', () => {
    write({
      'backend/manage.py': managePy('s.settings'),
      'backend/s/settings.py': 'INSTALLED_APPS = ["django_tenants"]\n',
    });
    const text = writeConfig(inspectRepository(root));
    const uncommented = text
      .replace(/^# ((?:tasks|tenants|profiles|env):.*|  .*)$/gm, '$1')
      .replace(/^#.*$/gm, '');
    const all = parse(uncommented) as { tasks: { seed: unknown }; tenants: unknown; profiles: unknown };
    assert.deepEqual(all.tasks.seed, {
      use: 'command',
      run: 'python manage.py seed',
      cwd: 'backend',
      needs: ['tenant-migrations'],
    });
    assert.deepEqual(all.tenants, [
      { schema: 'test_tenant', domain: 'test.example.com', fields: { name: 'Test tenant' } },
    ]);
    assert.deepEqual(all.profiles, { ci: { reporter: 'github' } });
  });

  it('writes configs that are valid as they are, with the database where it was found', async () => {
    const url = 'postgres://app:secret@localhost:5433/shop';
    write({
      'backend/manage.py': managePy('s.settings'),
      'backend/s/settings.py': `INSTALLED_APPS = ["django_tenants"]\nDATABASES = {"default": {\n  "NAME": os.getenv("DB_NAME", "shop"),\n  "USER": os.getenv("DB_USER", "app"),\n  "PASSWORD": os.getenv("DB_PASSWORD"),\n  "PORT": "5433",\n}}\n`,
      'db/docker-entrypoint-initdb.d/1.sql': '',
      '.env': 'DB_PASSWORD=secret\n',
    });
    await command();
    const { workflow } = await loadWorkflow({ cwd: root, env: { PATH: '/usr/bin' }, builtinKinds });
    assert.deepEqual(workflow.database, { kind: 'url', url });
    assert.equal(workflow.django.directory, join(root, 'backend'));
    assert.deepEqual(
      (workflow.tasks.get('init')?.options as { directory: string }).directory,
      'db/docker-entrypoint-initdb.d',
    );
    rmSync(join(root, '.bootstraprc.yaml'));
    rmSync(join(root, 'backend'), { recursive: true });
    await command();
    assert.ok((await loadWorkflow({ cwd: root, env: {}, builtinKinds })).workflow.tasks.has('init'));
  });

  it('says that the file cannot be written', async () => {
    const gone = join(root, 'gone');
    await assert.rejects(
      initRepository({ cwd: gone, stdout: process.stdout }),
      (error) => error instanceof BootstrapError && error.code === 'DBB1009',
    );
  });

  for (const [file, text] of [
    ['.bootstraprc', 'preset: sql\n'],
    ['.bootstraprc.yaml', ''],
    ['bootstrap.config.ts', ''],
    ['package.json', '{"bootstrap": {}}'],
  ] as const) {
    it(`never overwrites or shadows ${file}`, async () => {
      write({ [file]: text });
      await assert.rejects(command(), (error) => error instanceof BootstrapError && error.code === 'DBB1006');
      assert.equal(readFileSync(join(root, file), 'utf8'), text);
    });
  }
});
