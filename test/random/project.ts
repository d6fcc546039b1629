import { fileWriter, writeTenantsProject } from '../support/tenants-project.js';
import { apps, type History } from './history.js';

/** A tenant that has the first migrations of the history. */
export interface RandomTenant {
  readonly schema: string;
  readonly migrations: number;
  /** Whether it has Django's own tables as well, and in them a row for each model. */
  readonly whole: boolean;
  /** What somebody has deleted of those rows, or who was killed before post_migrate has not added. */
  readonly lost: 'nothing' | 'permissions' | 'content types';
}

/** Names that SQL and shells treat in different ways; the last is as long as a name may be. */
export const schemaNames = ['plain', 'Capital', 'with-dash and space', 'crème', 'x'.repeat(63)];

/**
 * Writes the project, and what Django itself does in it: `build.py` makes the fleet as it was before the release, `more.py` adds
 * tenants that have nothing, `release.py` migrates each tenant and writes into `refused.json` which it could not, `reference.py` makes schemas that have recorded exactly what
 * `references.json` says.
 */
export function writeRandomProject(
  folder: string,
  history: History,
  tenants: readonly RandomTenant[],
  signal?: 'pre_migrate' | 'post_migrate',
): void {
  writeTenantsProject(folder, apps);
  const write = fileWriter(folder);
  for (const app of apps) {
    write(`${app}/__init__.py`, '');
    write(`${app}/migrations/__init__.py`, '');
    write(`${app}/models.py`, (history.models[app] ?? '') + (signal === undefined ? '' : listener(signal)));
  }
  for (const { app, name, text } of history.migrations) write(`${app}/migrations/${name}.py`, text);
  write(
    '.bootstraprc',
    JSON.stringify({ preset: 'django-tenants', env: { DJANGO_SETTINGS_MODULE: 'project.settings' } }),
  );
  const fleet = tenants.map(({ schema, migrations, whole, lost }) => {
    const last = history.migrations[migrations - 1];
    return [schema, last?.app ?? null, last?.name ?? null, whole, lost];
  });
  write('fleet.json', JSON.stringify(fleet));
  write('build.py', head + adding + build);
  write('more.py', head + adding + more);
  write('release.py', head + release);
  write('reference.py', head + reference);
}

const listener = (signal: string): string => `

from django.db.models.signals import ${signal}


def hear(**kwargs):
    pass


${signal}.connect(hear, dispatch_uid=__name__)
`;

const head = `import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

import django

django.setup()

from clients.models import Client, Domain
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

`;

const adding = `

def add(schema, domain):
    client = Client(schema_name=schema, name=schema)
    client.auto_create_schema = False
    client.save()
    Domain.objects.create(domain=domain, tenant=client)
    with connection.cursor() as cursor:
        cursor.execute("create schema %s" % connection.ops.quote_name(schema))


`;

const more = `for schema in ("later", "Later still"):
    add(schema, "t%d.example.com" % (100 + len(schema)))
`;

const build = `call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
lose = {
    "nothing": [],
    "permissions": ["delete from auth_permission where id % 3 = 0"],
    "content types": [
        "delete from auth_permission where content_type_id in (select id from django_content_type where app_label in ('stock', 'crm'))",
        "delete from django_content_type where app_label in ('stock', 'crm')",
    ],
}
for number, (schema, app, name, whole, lost) in enumerate(json.load(open("fleet.json"))):
    add(schema, "t%d.example.com" % number)
    if app is not None:
        if whole:
            call_command("migrate_schemas", "auth", schema_name=schema, interactive=False, verbosity=0)
        call_command("migrate_schemas", app, name, schema_name=schema, interactive=False, verbosity=0)
        if whole:
            connection.set_schema(schema)
            with connection.cursor() as cursor:
                for statement in lose[lost]:
                    cursor.execute(statement)
        connection.set_schema_to_public()
`;

const release = `refused = {}
for schema, *_ in json.load(open("fleet.json")):
    try:
        call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)
        connection.set_schema_to_public()
    except Exception as error:
        refused[schema] = "%s: %s" % (type(error).__name__, error)
        connection.close()
        connection.set_schema_to_public()
json.dump(refused, open("refused.json", "w"))
`;

const reference = `for schema, targets in json.load(open("references.json")):
    with connection.cursor() as cursor:
        cursor.execute("create schema %s" % connection.ops.quote_name(schema))
    connection.set_schema(schema)
    if targets:
        MigrationExecutor(connection).migrate([tuple(target) for target in targets])
    connection.set_schema_to_public()
`;
