import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../../lib/diagnose/index.js';
import { relabelledApps } from '../../../lib/diagnose/project/relabelled-apps.js';
import { Database, resolveConnection } from '../../../lib/postgres/index.js';
import { examineFolder } from '../../support/django-project.js';
import { makeFolder } from '../../support/folder.js';
import { openWholesale, wholesaleDirectory, type Wholesale } from '../../support/wholesale.js';

describe('apps that changed their label after schemas were migrated', function () {
  this.timeout(120_000);
  let project: Wholesale;
  let copy: ReturnType<typeof makeFolder>;

  beforeEach(async () => {
    project = await openWholesale('new');
    await project.host.request('ensureTenants', {
      update: false,
      plan: false,
      tenants: ['acme', 'shop'].map((schema) => ({ schema, fields: { name: schema, plan: 1000 } })),
    });
    await project.manage('migrate_schemas', '--tenant', '-v0');
    copy = makeFolder();
    cpSync(wholesaleDirectory, copy.folder, { recursive: true });
  });
  afterEach(async () => {
    await project.close();
    copy.remove();
  });

  const find = async (): Promise<readonly Finding[]> => {
    const database = new Database(resolveConnection(project.url, {}), {
      applicationName: 'db-bootstrap/test',
    });
    try {
      const { findings } = await examineFolder([relabelledApps], copy.folder, {
        settings: 'wholesale.settings',
        env: { DATABASE_URL: project.url },
        evidence: () => Promise.resolve({ database }),
      });
      return findings;
    } finally {
      await database.close();
    }
  };

  /** Gives the app "stock" another label, as a person would: in its AppConfig and in its migrations. */
  function relabel(label: string): void {
    writeFileSync(
      join(copy.folder, 'stock/apps.py'),
      `from django.apps import AppConfig\n\n\nclass StockConfig(AppConfig):\n    name = "stock"\n    label = "${label}"\n`,
    );
    const migrations = join(copy.folder, 'stock/migrations');
    for (const name of readdirSync(migrations).filter((file) => file.endsWith('.py'))) {
      const text = readFileSync(join(migrations, name), 'utf8');
      writeFileSync(
        join(migrations, name),
        text.replaceAll('"stock"', `"${label}"`).replaceAll('"stock.', `"${label}.`),
      );
    }
  }

  it('are told with the names that their tables have, and those that they would get', async () => {
    assert.deepEqual(await find(), []);
    relabel('store');
    const [finding, ...others] = await find();
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6097');
    assert.deepEqual(finding.subject, { app: 'store', before: 'stock', schema: 'acme' });
    assert.match(
      finding.message,
      /^the app "store" had the label "stock" when its migrations were recorded: /,
    );
    assert.equal(finding.place?.file, 'wholesale/settings.py');
    assert.deepEqual(finding.evidence, [
      'recorded under "stock", and pending under "store": 0001_initial and 0002_labels',
      '"stock_item" stands where "store_item" is expected',
      '"stock_item_labels" stands where "store_item_labels" is expected',
      '"stock_label" stands where "store_label" is expected',
    ]);
    const [what = '', ...statements] = (finding.help ?? '').split('\n');
    assert.match(what, /^give the app its label back \(label = "stock" in its AppConfig\), or .*, in psql:$/);
    await project.rows(`insert into acme.stock_label (name) values ('kept')`);
    await project.rows(statements.join('\n'));
    assert.deepEqual(await find(), []);
    assert.deepEqual(await project.rows(`select name from acme.store_label where name = 'kept'`), [
      { name: 'kept' },
    ]);
    const left = await project.rows(
      `select from acme.django_migrations where app = 'stock' union all select from acme.django_content_type where app_label = 'stock'`,
    );
    assert.deepEqual(left, []);
  });

  it('are none where the tables and the records bear the new name', async () => {
    relabel('store');
    for (const schema of ['public', 'acme', 'shop'])
      await project.rows(`update ${schema}.django_migrations set app = 'store' where app = 'stock'`);
    assert.deepEqual(await find(), []);
  });

  it('are none where another app of the same migrations has left no such tables, or no records', async () => {
    relabel('store');
    await project.rows(
      'alter table acme.stock_item rename to old_item; alter table shop.stock_item rename to old_item',
    );
    assert.deepEqual(await find(), []);
    await project.rows(
      'alter table acme.old_item rename to stock_item; alter table shop.old_item rename to stock_item',
    );
    for (const schema of ['public', 'acme', 'shop'])
      await project.rows(`delete from ${schema}.django_migrations where app = 'stock'`);
    assert.deepEqual(await find(), []);
  });
});
