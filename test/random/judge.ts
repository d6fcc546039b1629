import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump, query } from '../support/postgres.js';
import { firstDifference } from './difference.js';
import { factsOf, invalidIndexes } from './tenant-facts.js';

const run = promisify(execFile);

/** Writes what plain Django is asked about a project; prints a line for each thing that is not so. */
export function writeJudge(folder: string): void {
  writeFileSync(join(folder, 'judge.py'), judge);
}

/**
 * What is wrong with a database that was called ready, by plain Django and pg_dump alone; empty where nothing is. `twin` is a database that
 * Django itself has migrated to the end. Names of indexes and constraints, and comments, do not count.
 */
export async function whyNotReady(database: {
  readonly url: string;
  readonly twin: string;
  readonly schemas: readonly string[];
  readonly folder: string;
  readonly python: string;
  /** Whether the catalogs may differ, because the difference makes none. */
  readonly ignoresCatalog: boolean;
}): Promise<string[]> {
  const { url, twin, schemas, folder, python } = database;
  const wrong: string[] = [];
  const env = { ...process.env, DATABASE_URL: url, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run(python, ['judge.py'], { cwd: folder, env }).catch((error: unknown) => ({
    stdout: String((error as { stderr?: string }).stderr ?? error),
  }));
  wrong.push(...stdout.split('\n').filter((line) => line !== ''));
  if (!database.ignoresCatalog) {
    const [want, got] = [await catalogOf(twin), await catalogOf(url)];
    if (want !== got) wrong.push(firstDifference(want, got));
  }
  const all = [...schemas, 'public'];
  const [wanted, found] = [await factsOf(twin, all), await factsOf(url, all)];
  for (const schema of all) {
    const [want, got] = [wanted.get(schema), found.get(schema)];
    if (sorted(want?.recorded) !== sorted(got?.recorded))
      wrong.push(`"${schema}" records ${sorted(got?.recorded)}`);
    if (sorted(want?.rows) !== sorted(got?.rows))
      wrong.push(`"${schema}" has other content types or permissions`);
  }
  wrong.push(...(await sequencesBehind(url)), ...(await invalidIndexes(url)));
  return wrong;
}

function sorted(lines: readonly string[] = []): string {
  return [...lines].sort().join(' ');
}

/** All objects but the ledger's, one a line, without names that nothing refers to. */
async function catalogOf(url: string): Promise<string> {
  // A table that its owner may not read cannot be dumped.
  const text = await dump(url, '--schema-only', '--exclude-schema=db_bootstrap').catch(String);
  return text
    .split(/\n\n+(?=--\n)/)
    .map((part) =>
      part
        .split('\n')
        .filter((line) => line !== '' && !/^(?:--|SET |COMMENT |SELECT pg_catalog\.set_config)/.test(line))
        .join('\n')
        .replace(/\b(CREATE (?:UNIQUE )?INDEX) (?:"(?:[^"]|"")+"|\S+)/g, '$1')
        .replace(/\bCONSTRAINT (?:"(?:[^"]|"")+"|\S+)/g, 'CONSTRAINT'),
    )
    .filter((part) => part !== '')
    .sort()
    .join('\n');
}

/** Sequences whose next value exists in their column already. */
async function sequencesBehind(url: string): Promise<string[]> {
  const columns = await query<{ statement: string }>(
    url,
    `select format('select %L as name where (select max(%I) from %s) >= (select case when is_called then last_value + 1 else last_value end from %s)',
                   d.objid::regclass, a.attname, d.refobjid::regclass, d.objid::regclass) as statement
       from pg_depend d join pg_class q on q.oid = d.objid and q.relkind = 'S'
       join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')`,
  );
  const behind: string[] = [];
  for (const { statement } of columns)
    behind.push(
      ...(await query<{ name: string }>(url, statement)).map(({ name }) => `sequence ${name} is behind`),
    );
  return behind;
}

const judge = `import io
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

import django

django.setup()

from clients.models import Client
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

try:
    call_command("makemigrations", check=True, dry_run=True, interactive=False, verbosity=0, stdout=io.StringIO())
except SystemExit:
    print("models and migrations differ")
for schema in ["public", *Client.objects.values_list("schema_name", flat=True)]:
    connection.set_schema(schema)
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        print("schema %s is behind: %s" % (schema, [str(migration) for migration, _ in plan]))
`;
