import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyAlone, autodetect, expectedRules, migrate, postMigrate } from '../../lib/django/index.js';
import { addTenants } from '../support/fleet.js';
import { openHost, type TestHost } from '../support/host.js';

const example = join(process.cwd(), 'examples/django-tenants');
const app = 'wholesale/carriers';

// Texts that Django itself translates.
const models = `
from django.db import models as _models
from django.utils.translation import gettext_lazy as _lazy


class Flag(_models.Model):
    wanted = _models.BooleanField(_lazy("Yes"), default=False)

    class Meta:
        permissions = [("can_monday", _lazy("Monday"))]
`;

const migration = `from django.db import migrations, models
from django.utils.translation import gettext


def tell(apps, schema_editor):
    print("migrated on", gettext("Monday"))


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_own_collection")]
    operations = [
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.BooleanField(default=False, verbose_name="Yes")),
            ],
            options={"permissions": [("can_monday", "Monday")]},
        ),
        migrations.RunPython(tell),
    ]
`;

const command = `from django.core.management.base import BaseCommand
from django.utils.translation import gettext


class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write(gettext("Monday"))
`;

const handler = `
from django.db.models.signals import post_migrate as _post_migrate
from django.utils.translation import gettext as _gettext


def _tell(sender, **kwargs):
    if sender.label == "carriers":
        print("handled on", _gettext("Monday"))


_post_migrate.connect(_tell, weak=False)
`;

describe('a project in another language than English', function () {
  this.timeout(60_000);
  let project: TestHost;

  before(async () => {
    project = await openHost({ directory: example, settings: 'wholesale.settings.test' });
    const write = (path: string, text: string): Promise<void> =>
      writeFile(join(project.directory, path), text);
    await appendFile(join(project.directory, 'wholesale/settings/test.py'), '\nLANGUAGE_CODE = "es"\n');
    await appendFile(join(project.directory, app, 'models.py'), models + handler);
    await write(`${app}/migrations/0005_flag.py`, migration);
    await mkdir(join(project.directory, app, 'management/commands'), { recursive: true });
    await write(`${app}/management/__init__.py`, '');
    await write(`${app}/management/commands/__init__.py`, '');
    await write(`${app}/management/commands/today.py`, command);
  });
  after(() => project.close());

  it('has models that agree with its migrations, as makemigrations says', async () => {
    assert.deepEqual((await autodetect(project.forTask())).changes, []);
  });

  it('is migrated, and its handlers are asked, without translations, whoever does it', async () => {
    const host = project.forTask();
    await migrate(host, { schema: 'public' });
    await addTenants(project, ['first', 'second']);
    await migrate(host, { schema: 'first' });
    await migrate(host, { schema: 'second', app: 'carriers', migration: '0004_own_collection' });
    await applyAlone(host, { schema: 'second', migrations: [{ app: 'carriers', name: '0005_flag' }] });
    await postMigrate(host, { schema: 'second' });
    const told = project.printed.filter((line) => /^(migrated|handled) on/.test(line.trim()));
    assert.deepEqual(
      [...new Set(told.map((line) => line.trim()))].sort(),
      ['handled on Monday', 'migrated on Monday'],
      project.printed.join('\n'),
    );
  });

  it('has permissions that are called as Django calls them', async () => {
    const { contentTypes } = await expectedRules(project.forTask());
    const flag = contentTypes?.models.find(({ model }) => model === 'flag');
    assert.equal(flag?.permissions.find(({ codename }) => codename === 'can_monday')?.name, 'Monday');
  });

  it('keeps its language in its own commands', async () => {
    const { output } = await project.forTask().request<{ output: string }>('call', { command: 'today' });
    assert.equal(output.trim(), 'lunes');
  });
});
