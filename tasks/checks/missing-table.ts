import type { Finding, TaskHost } from '../../config/define.js';
import {
  migrationAdvice,
  type ExpectedTable,
  type Inspection,
  type MigrationStates,
  type TableMigration,
  type TableMigrations,
} from '../../lib/django/index.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { qualified } from './words.js';

/** A table that a schema lacks, or, with `columns`, one that lacks columns. */
export interface Missing {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[] | null;
  /** A table that is there under the same name in lower case, which is what PostgreSQL makes of a name without quotes. */
  readonly folded?: string | null;
}

/**
 * Says why tables and columns are missing: because their migration is not applied, because there is none, or because it is recorded as
 * applied and yet they are not there. `expected` are the tables of the models. Asks for migrations only now, since a database where all is well need not pay for it.
 */
export async function explainMissing(
  host: TaskHost,
  missing: readonly Missing[],
  inspection: Inspection,
  expected: readonly ExpectedTable[],
): Promise<Finding[]> {
  const { tables } = await host.request<TableMigrations>('tableMigrations');
  const schemas = [...new Set(missing.map((one) => one.schema))];
  const { schemas: states } = await host.request<MigrationStates>(
    'states',
    inspection.tenancy ? { schemas } : {},
  );
  const makers = new Map(tables.map((one) => [one.table, one]));
  const unapplied = new Map(
    states.map(({ schema, pending, partly = [] }) => [
      schema,
      new Set([...pending, ...partly].map(({ app, name }) => `${app}.${name}`)),
    ]),
  );
  return missing.flatMap((one) => {
    const maker = makers.get(one.table);
    const model = expected.find(({ table }) => table === one.table);
    const help = migrationAdvice('difference', [model ?? { app: '', own: true }]);
    const waiting = unapplied.get(one.schema);
    const isRecorded = (migration: string): boolean => waiting?.has(migration) === false;
    if (one.columns !== null)
      return one.columns.map((column) => {
        const migration = makerOf(column, maker);
        if (migration === undefined) return missingColumn(one, column, 'no migration makes it', help);
        if (isRecorded(migration)) return recordedButMissingColumn(one, column, migration);
        return columnNotMigrated(one, column, migration, inspection);
      });
    const migration = maker && `${maker.app}.${maker.migration}`;
    if (migration === undefined) return [withoutMigration(one, help)];
    if (isRecorded(migration)) return [recordedButMissing(one, migration)];
    return [notMigrated(one, migration, inspection)];
  });
}

function recordedButMissing({ schema, table, folded }: Missing, migration: string): Finding {
  if (typeof folded === 'string')
    return {
      code: 'DBB6012',
      message: `schema "${schema}" has table "${folded}", where migration ${shortName(migration)} had to make "${table}": a name without quotes is folded to lower case`,
      help: `write the name in quotes in the migration, and run: alter table ${qualified(schema, folded)} rename to ${quoteIdentifier(table)}`,
      facts: { schema, table, migration },
      subject: { schema, table, migration },
    };
  return {
    code: 'DBB6012',
    message: `schema "${schema}" records migration ${shortName(migration)} as applied, but table "${table}" does not exist`,
    help: 'run "db-bootstrap explain DBB6012" for the ways this happens and the repair for each',
    facts: { schema, table, migration },
    subject: { schema, table, migration },
  };
}

function notMigrated({ schema, table }: Missing, migration: string, inspection: Inspection): Finding {
  return {
    code: 'DBB6031',
    message: `table "${table}" does not exist in schema "${schema}": migration ${shortName(migration)}, which makes it, is not applied`,
    help: migrateHelp(schema, inspection),
    facts: { schema, table, migration },
    subject: { schema, table },
  };
}

function withoutMigration({ schema, table }: Missing, help: string): Finding {
  return {
    code: 'DBB6031',
    message: `table "${table}" does not exist in schema "${schema}": no migration makes it`,
    help,
    facts: { schema, table },
    subject: { schema, table },
  };
}

function makerOf(column: string, maker: TableMigration | undefined): string | undefined {
  if (!maker) return undefined;
  const withTable = Object.keys(maker.columns).length === 0;
  const name = withTable ? maker.migration : maker.columns[column];
  return name === undefined ? undefined : `${maker.app}.${name}`;
}

function missingColumn({ schema, table }: Missing, column: string, why: string, help: string): Finding {
  return {
    code: 'DBB6033',
    message: `column "${column}" of table "${table}" does not exist in schema "${schema}": ${why}`,
    help,
    facts: { schema, table, column },
    subject: { schema, table, column },
  };
}

function columnNotMigrated(
  missing: Missing,
  column: string,
  migration: string,
  inspection: Inspection,
): Finding {
  const why = `migration ${shortName(migration)}, which makes it, is not applied`;
  const finding = missingColumn(missing, column, why, migrateHelp(missing.schema, inspection));
  return { ...finding, facts: { ...finding.facts, migration } };
}

function recordedButMissingColumn(missing: Missing, column: string, migration: string): Finding {
  return missingColumn(
    missing,
    column,
    `migration ${shortName(migration)}, which makes it, is recorded as applied`,
    'run "db-bootstrap explain DBB6033" for the ways this happens and the repair for each',
  );
}

/** The command that applies what a schema lacks. */
export function migrateHelp(schema: string, inspection: Inspection): string {
  const task = !inspection.tenancy
    ? 'migrate'
    : schema === inspection.publicSchema
      ? 'shared'
      : 'tenant-migrations';
  return `run "db-bootstrap run --from ${task}"`;
}

/** "carriers.0004" of "carriers.0004_vehicle": as people speak of migrations. */
function shortName(migration: string): string {
  return migration.replace(/^([^.]+\.\d+)_.*$/, '$1');
}
