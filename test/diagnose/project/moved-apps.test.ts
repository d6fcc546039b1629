import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../../lib/diagnose/index.js';
import { movedApps } from '../../../lib/diagnose/project/moved-apps.js';
import { Database, resolveConnection } from '../../../lib/postgres/index.js';
import { examineFolder } from '../../support/django-project.js';
import { openWholesale, wholesaleDirectory, type Wholesale } from '../../support/wholesale.js';

describe('apps that changed their list after schemas were migrated', function () {
  this.timeout(120_000);
  let project: Wholesale;

  beforeEach(async () => {
    project = await openWholesale('new');
    await project.host.request('ensureTenants', {
      update: false,
      plan: false,
      tenants: ['acme', 'shop'].map((schema) => ({ schema, fields: { name: schema, plan: 1000 } })),
    });
    await project.manage('migrate_schemas', '--tenant', '-v0');
  });
  afterEach(() => project.close());

  const find = async (directory = wholesaleDirectory): Promise<readonly Finding[]> => {
    const database = new Database(resolveConnection(project.url, {}), {
      applicationName: 'db-bootstrap/test',
    });
    try {
      const { findings } = await examineFolder([movedApps], directory, {
        settings: 'wholesale.settings',
        env: { DATABASE_URL: project.url },
        evidence: () => Promise.resolve({ database }),
      });
      return findings;
    } finally {
      await database.close();
    }
  };

  /** The findings before and after commands, with settings that differ by a text. */
  async function withSettings(
    from: string,
    to: string,
    ...commands: readonly (readonly string[])[]
  ): Promise<readonly (readonly Finding[])[]> {
    const directory = mkdtempSync(join(tmpdir(), 'dbb-moved-'));
    cpSync(wholesaleDirectory, directory, { recursive: true });
    const settings = join(directory, 'wholesale/settings.py');
    const text = readFileSync(settings, 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(settings, text.replace(from, to));
    const moved = await openWholesale('new', { directory, database: project.url });
    try {
      const before = await find(directory);
      for (const command of commands) await moved.manage(...command, '-v0');
      return [before, await find(directory)];
    } finally {
      await moved.close();
      rmSync(directory, { recursive: true });
    }
  }

  it('has nothing to find where all stands as the lists say, migrated or not', async () => {
    assert.deepEqual(await find(), []);
    await project.rows(`delete from acme.django_migrations; drop table acme.stock_item cascade`);
    assert.deepEqual(await find(), []);
  });

  it('tells an app that came to SHARED_APPS, and its repair repairs', async () => {
    const [before = [], after] = await withSettings(
      '"django.contrib.auth", "stock"]\n',
      '"django.contrib.auth"]\nSHARED_APPS.append("stock")\n',
      ['migrate_schemas', '--schema=public', '--fake', 'stock', 'zero'],
      ['migrate_schemas', '--shared'],
    );
    const [finding, ...others] = before;
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6096');
    assert.deepEqual(finding.subject, { app: 'stock', setting: 'SHARED_APPS', schema: 'public' });
    assert.ok(finding.evidence.includes('missing in "public": stock_item'));
    assert.ok(finding.evidence.includes('the tables are in 2 schemas of tenants'));
    assert.match(
      finding.help ?? '',
      /--schema=public --fake stock zero", then "python manage\.py migrate_schemas --shared"/,
    );
    assert.deepEqual(after, []);
  });

  it('tells an app that came to TENANT_APPS, and its repair repairs', async () => {
    const [before = [], after] = await withSettings(
      '"stock"]',
      '"stock", "django.contrib.sites"]',
      ['migrate_schemas', '--tenant', '--fake', 'sites', 'zero'],
      ['migrate_schemas', '--tenant'],
    );
    const [finding, ...others] = before;
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6096');
    assert.deepEqual(finding.subject, { app: 'sites', setting: 'TENANT_APPS', schema: 'acme' });
    assert.match(
      finding.help ?? '',
      /^take the records back, and migrate: "python manage\.py migrate_schemas --tenant --fake sites zero"/,
    );
    assert.deepEqual(after, []);
  });

  it('leaves the rest to the checks where some tenants have the tables', async () => {
    await project.rows('create table shop.django_site (id integer)');
    const [before] = await withSettings('"stock"]', '"stock", "django.contrib.sites"]');
    assert.deepEqual(before, []);
  });
});

describe('apps that changed their list, with other names of schemas and types', function () {
  this.timeout(120_000);

  /** The findings of settings that are those of the project, and a few lines. */
  async function findWith(
    project: Wholesale,
    lines: string,
    ...commands: readonly string[]
  ): Promise<readonly (readonly Finding[])[]> {
    const directory = mkdtempSync(join(tmpdir(), 'dbb-moved-'));
    cpSync(wholesaleDirectory, directory, { recursive: true });
    writeFileSync(join(directory, 'wholesale/settings_moved.py'), lines);
    const options = { directory, database: project.url, settings: 'wholesale.settings_moved' };
    const moved = await openWholesale('new', options);
    const database = new Database(resolveConnection(project.url, {}), {
      applicationName: 'db-bootstrap/test',
    });
    const find = async (): Promise<readonly Finding[]> => {
      const { findings } = await examineFolder([movedApps], directory, {
        settings: options.settings,
        env: { DATABASE_URL: project.url },
        evidence: () => Promise.resolve({ database }),
      });
      return findings;
    };
    try {
      const before = await find();
      for (const command of commands) await moved.manage(...command.split(' '), '-v0');
      return [before, await find()];
    } finally {
      await database.close();
      await moved.close();
      rmSync(directory, { recursive: true });
    }
  }

  const make = async (
    project: Wholesale,
    ...tenants: readonly (readonly [string, string])[]
  ): Promise<void> => {
    await project.host.request('ensureTenants', {
      update: false,
      plan: false,
      tenants: tenants.map(([schema, size]) => ({ schema, fields: { name: schema, plan: 1000, size } })),
    });
    await project.manage('migrate_schemas', '--tenant', '-v0');
  };

  it('tells an app that came to one type of tenants, and its repair repairs that type alone', async () => {
    const project = await openWholesale('new', { settings: 'wholesale.settings_types' });
    try {
      await make(project, ['acme', 'large'], ['corner', 'small'], ['kiosk', 'small']);
      const typed = 'from .settings_types import *\n';
      assert.deepEqual(await findWith(project, typed), [[], []]);
      const [before = [], after] = await findWith(
        project,
        `${typed}TENANT_TYPES["small"]["APPS"] += ["django.contrib.auth", "stock"]\n`,
        ...['corner', 'kiosk'].flatMap((schema) =>
          ['auth', 'stock'].map((app) => `migrate_schemas --schema=${schema} --fake ${app} zero`),
        ),
        'migrate_schemas --tenant',
      );
      assert.deepEqual(
        before.map(({ code, subject }) => [code, subject]),
        ['auth', 'stock'].map((app) => [
          'DBB6096',
          { app, setting: 'TENANT_TYPES', schema: 'corner', type: 'small' },
        ]),
      );
      const stock = before[1];
      assert.equal(
        stock?.message,
        'the app "stock" came to TENANT_TYPES["small"] after its migrations were recorded in the schemas of tenants of type "small": no run makes its tables there',
      );
      assert.ok(stock.evidence.includes('the tables are in one schema of a tenant of type "large"'));
      assert.ok(stock.evidence.includes('missing in the schema of every tenant of type "small": stock_item'));
      assert.equal(
        stock.help,
        // "accounts" depends on "auth", and did not move: it is recorded again.
        [
          'take the records back, and let the migrations run, in this order:',
          ...['--fake auth zero', 'auth 0001_initial', '--fake accounts 0002_basic_plan', ''].map((args) =>
            `for schema in corner kiosk; do python manage.py migrate_schemas --schema=$schema ${args}`
              .trim()
              .concat('; done'),
          ),
        ].join('\n'),
      );
      assert.deepEqual(after, []);
    } finally {
      await project.close();
    }
  });

  it('tells it of a public schema of another name', async () => {
    const project = await openWholesale('new', { migrated: false });
    const named = 'from .settings import *\nPUBLIC_SCHEMA_NAME = "shared"\n';
    try {
      await project.rows('create schema shared; create schema acme');
      const migrate = ['migrate_schemas --shared', 'migrate_schemas --schema=acme'];
      assert.deepEqual(await findWith(project, named, ...migrate), [[], []]);
      const [[finding, ...others] = [], after] = await findWith(
        project,
        `${named}SHARED_APPS.append("stock")\n`,
        'migrate_schemas --schema=shared --fake stock zero',
        'migrate_schemas --shared',
      );
      assert.deepEqual(others, []);
      assert.deepEqual(finding?.subject, { app: 'stock', setting: 'SHARED_APPS', schema: 'shared' });
      assert.match(finding.help ?? '', /--schema=shared --fake stock zero/);
      assert.deepEqual(after, []);
    } finally {
      await project.close();
    }
  });
});
