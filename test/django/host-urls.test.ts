import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { autodetect, expectedTables, preflight } from '../../lib/django/index.js';
import { openHost, type TestHost } from '../support/host.js';
import { rejection } from '../support/rejection.js';

const plain = join(process.cwd(), 'test/fixtures/django/plain');

const model = `from django.db import models


class Label(models.Model):
    text = models.CharField(max_length=20)

    class Meta:
        app_label = "stock"
`;

const migration = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=20)),
            ],
        ),
    ]
`;

describe('a project whose views import models that nothing else imports', function () {
  this.timeout(60_000);
  let project: TestHost;

  const write = (path: string, text: string): Promise<void> => writeFile(join(project.directory, path), text);

  beforeEach(async () => {
    project = await openHost({ directory: plain });
    await appendFile(join(project.directory, 'shop/settings.py'), '\nROOT_URLCONF = "shop.urls"\n');
    await write('shop/urls.py', 'import stock.labels\n\nurlpatterns = []\n');
    await write('stock/labels.py', model);
  });
  afterEach(() => project.close());

  it('has models that agree with its migrations, as makemigrations says', async () => {
    await write('stock/migrations/0002_label.py', migration);
    const host = project.forTask();
    const tables = await expectedTables(host);
    assert.ok(tables.some(({ table }) => table === 'stock_label'));
    assert.deepEqual((await autodetect(host)).changes, []);
    assert.deepEqual((await preflight(host)).project?.migrations.changes, []);
  });

  it('lacks a migration where such a model has none', async () => {
    const [change] = (await autodetect(project.forTask())).changes;
    assert.deepEqual(change?.operations, ['Create model Label']);
  });

  it('cannot be loaded where its URLs cannot, each time that it is asked', async () => {
    await write('stock/labels.py', `import nowhere\n`);
    const host = project.forTask();
    for (const ask of [() => autodetect(host), () => expectedTables(host), () => autodetect(host)]) {
      const error = await rejection(ask());
      assert.equal(error.code, 'DBB6030');
      assert.match(error.message, /nowhere/);
      assert.match(JSON.stringify(error.problems), /stock\/labels\.py/);
    }
    assert.match((await preflight(host)).project?.migrations.failure?.message ?? '', /nowhere/);
  });
});
