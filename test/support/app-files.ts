import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FailingProject } from './failed-task.js';
import { createTestDatabase } from './postgres.js';
import { pythonOf, type pythonSets } from './python.js';

/** One migration: what it depends on, and its operations, as Python writes them. */
export interface MigrationText {
  readonly needs?: readonly string[];
  readonly operations: string;
}

/** Apps of a project: the text of their models, and their migrations by name. */
export type Apps = Readonly<
  Record<string, { readonly models?: string; readonly migrations: Readonly<Record<string, MigrationText>> }>
>;

/** Writes a project without tenants that consists of these apps. */
export function writeApps(folder: string, apps: Apps): void {
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('manage.py', manage);
  write('shop/__init__.py', '');
  write('shop/settings.py', settings.replace('= APPS', `= ${JSON.stringify(Object.keys(apps))}`));
  for (const [app, { models = '', migrations }] of Object.entries(apps)) {
    write(`${app}/__init__.py`, '');
    write(`${app}/models.py`, `from django.db import models\n\n\n${models}`);
    write(`${app}/migrations/__init__.py`, '');
    for (const [name, text] of Object.entries(migrations))
      write(`${app}/migrations/${name}.py`, migrationText(text));
  }
}

/** Such a project with an empty database. */
export async function openApps(set: keyof typeof pythonSets, apps: Apps): Promise<FailingProject> {
  const folder = mkdtempSync(join(tmpdir(), 'dbb-apps-'));
  writeApps(folder, apps);
  const database = await createTestDatabase();
  const close = async (): Promise<void> => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  return new FailingProject(database.url, folder, await pythonOf(set), close, 'shop.settings');
}

function migrationText({ needs = [], operations }: MigrationText): string {
  const dependencies = needs.map((each) => `        ("${each.replace('.', '", "')}"),\n`).join('');
  return `from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
${dependencies}    ]
    operations = [
        ${operations}
    ]
`;
}

/** A migration that makes a model with a number as its only field. */
export function makesModel(name: string, needs: readonly string[] = []): MigrationText {
  const fields = `[("id", models.BigAutoField(primary_key=True)), ("size", models.IntegerField(default=0))]`;
  return { needs, operations: `migrations.CreateModel("${name}", ${fields}),` };
}

/** A migration that runs SQL. */
export function runsSql(sql: string, needs: readonly string[] = []): MigrationText {
  return { needs, operations: `migrations.RunSQL(${JSON.stringify(sql)}, ""),` };
}

const manage = `import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
`;

const settings = `import os
from urllib.parse import unquote, urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = "only for tests"
INSTALLED_APPS = APPS
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path[1:]),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname,
        "PORT": url.port,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
`;
