import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileWriter, writeTenantsProject } from '../../test/support/tenants-project.js';

const apps = 12;
const modelsOf = (app: number): number => (app < 10 ? 4 : 3);
const migrationsOf = (app: number): number => (app < 6 ? 13 : 12);

/** Writes a project of about the size that teams have: 12 apps in each tenant, 160 migrations, 46 tables a tenant. */
export function writeProject(folder: string): void {
  const labels = Array.from({ length: apps }, (_, app) => `app${String(app)}`);
  writeTenantsProject(folder, labels);
  const write = fileWriter(folder);
  for (const [app, label] of labels.entries()) {
    write(`${label}/__init__.py`, '');
    write(`${label}/migrations/__init__.py`, '');
    write(`${label}/models.py`, modelsText(app, migrationsOf(app)));
    for (let number = 1; number <= migrationsOf(app); number++)
      write(`${label}/migrations/${nameOf(number)}.py`, migrationText(app, number));
  }
}

/** Adds migrations that come next in the first apps, each an AddField; the one at `withCode` runs Python beside it. */
export function addMigrations(folder: string, count: number, withCode?: number): void {
  for (let index = 0; index < count; index++) {
    const label = `app${String(index)}`;
    const number = migrationsOf(index) + 1;
    const operations = [`migrations.AddField("m0", "next", ${field('next')})`];
    if (index === withCode) operations.push('migrations.RunPython(fill, migrations.RunPython.noop)');
    writeFileSync(
      join(folder, `${label}/migrations/${nameOf(number)}.py`),
      migration([label, nameOf(number - 1)], operations),
    );
    writeFileSync(join(folder, `${label}/models.py`), modelsText(index, number, true));
  }
}

/** Lets the project listen to pre_migrate, so that nothing is replayed and Django migrates every tenant. */
export function listen(folder: string): void {
  appendFileSync(
    join(folder, 'app0/models.py'),
    `

from django.db.models.signals import pre_migrate


def hear(**kwargs):
    pass


pre_migrate.connect(hear, dispatch_uid="hear")
`,
  );
}

function nameOf(number: number): string {
  return number === 1 ? '0001_initial' : `${String(number).padStart(4, '0')}_step`;
}

const field = (name: string): string =>
  `models.CharField(max_length=50, null=True, db_index=${name === 'f3' ? 'True' : 'False'})`;

/** Every second step adds a field, every other adds an index or a constraint to what is there. */
function migrationText(app: number, number: number): string {
  const label = `app${String(app)}`;
  if (number === 1) {
    const models = Array.from({ length: modelsOf(app) }, (_, model) => {
      const parent =
        model === 0
          ? ''
          : `, ("parent", models.ForeignKey("${label}.m${String(model - 1)}", models.CASCADE, null=True))`;
      return `migrations.CreateModel("M${String(model)}", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("name", models.CharField(max_length=100))${parent}])`;
    });
    return migration(undefined, models);
  }
  const model = `m${String(number % modelsOf(app))}`;
  const name = `f${String(number)}`;
  const operation =
    number % 4 === 0
      ? `migrations.AddIndex("${model}", models.Index(fields=["name"], name="${label}_${model}_${String(number)}"))`
      : `migrations.AddField("${model}", "${name}", ${field(name)})`;
  return migration([label, nameOf(number - 1)], [operation]);
}

function modelsText(app: number, migrations: number, next = false): string {
  const label = `app${String(app)}`;
  const classes = Array.from({ length: modelsOf(app) }, (_, model) => {
    const lines = ['name = models.CharField(max_length=100)'];
    const indexes = [];
    if (model > 0)
      lines.push(`parent = models.ForeignKey("M${String(model - 1)}", models.CASCADE, null=True)`);
    for (let number = 2; number <= migrations - (next ? 1 : 0); number++) {
      if (number % modelsOf(app) !== model) continue;
      const name = `f${String(number)}`;
      if (number % 4 === 0)
        indexes.push(`models.Index(fields=["name"], name="${label}_m${String(model)}_${String(number)}")`);
      else lines.push(`${name} = ${field(name)}`);
    }
    if (next && model === 0) lines.push(`next = ${field('next')}`);
    lines.push(`class Meta:\n        indexes = [${indexes.join(', ')}]`);
    return `class M${String(model)}(models.Model):\n${lines.map((line) => `    ${line}`).join('\n')}\n`;
  });
  return `from django.db import models\n\n\n${classes.join('\n\n')}`;
}

function migration(dependency: readonly [string, string] | undefined, operations: readonly string[]): string {
  const needs = dependency === undefined ? '' : `("${dependency[0]}", "${dependency[1]}")`;
  return `from django.db import migrations, models


def fill(apps, schema_editor):
    list(apps.get_model("app0", "M0").objects.all()[:1])


class Migration(migrations.Migration):
    dependencies = [${needs}]
    operations = [
        ${operations.join(',\n        ')},
    ]
`;
}
