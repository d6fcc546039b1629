import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { preflight } from '../../lib/django/index.js';
import { openHost } from '../support/host.js';
import { until } from '../support/until.js';

const plain = join(process.cwd(), 'test/fixtures/django/plain');

// Tells whether the models before it have been rendered, which each later operation would do anew.
const watching = `from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Watch(Operation):
    def state_forwards(self, app_label, state):
        print("rendered" if "apps" in state.__dict__ else "not rendered")


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [
        migrations.AlterField("shelf", "id", models.AutoField(primary_key=True, serialize=False)),
        Watch(),
    ]
`;

describe('changes of keys', function () {
  this.timeout(60_000);

  it('are looked for without rendering the models of every later migration', async () => {
    const project = await openHost({ directory: plain });
    try {
      await writeFile(join(project.directory, 'stock/migrations/0002_key.py'), watching);
      assert.deepEqual((await preflight(project.forTask())).project?.migrations.keys, []);
      const rendered = (): string[] =>
        project.printed.map((line) => line.trim()).filter((line) => line.endsWith('rendered'));
      // What Python prints comes by another pipe than its answers.
      await until(() => rendered().length > 0);
      assert.deepEqual([...new Set(rendered())], ['not rendered']);
    } finally {
      await project.close();
    }
  });
});
