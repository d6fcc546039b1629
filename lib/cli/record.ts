import { record, type MigrationRecording, type RecordedSegment, type Recording } from '../django/index.js';
import { BootstrapError } from '../errors/index.js';
import { fingerprintStatement } from '../fleet/index.js';
import { print } from './io.js';
import { requireTenants } from './no-tenants.js';
import type { ConfigOptions } from './options.js';
import { withHost } from './with-host.js';
import { counted, visible } from '../text/index.js';

/** Options of `record` beside those that choose the config. */
interface RecordOptions extends ConfigOptions {
  readonly schema?: string;
  readonly sql?: boolean;
  readonly json?: boolean;
}

/**
 * `db-bootstrap record --schema X`: migrates a tenant inside a transaction that is rolled back, and shows what was executed: which
 * migrations other tenants would get by replay, the locks, and with `--sql` the statements.
 */
export async function recordCommand(options: RecordOptions): Promise<number> {
  const { schema } = options;
  if (schema === undefined)
    throw new BootstrapError({
      code: 'DBB1008',
      message: '"record" needs the schema of a tenant',
      place: { file: '--schema' },
      help: 'name a tenant that is behind: "db-bootstrap status" shows some',
    });
  return withHost('record', options, async (host, io) => {
    await requireTenants(host, 'run "python manage.py sqlmigrate" to read what a migration executes');
    const { recording } = await record(host, { schema, fingerprint: fingerprintStatement(), dry: true });
    if (options.json === true) print(io.stdout, JSON.stringify({ schema, ...recording }, null, 2));
    else print(io.stdout, options.sql === true ? sqlOf(recording) : listOf(schema, recording));
    return 0;
  });
}

/** A script that a person reads, with where each statement comes from. */
function sqlOf({ segments, prelude, rows }: Recording): string {
  const parts = prelude.map((statement) => `${statement};`);
  for (const segment of segments)
    for (const migration of segment.migrations) {
      const how = noteOf(segment);
      parts.push(`\n-- ${visible(`${migration.app}.${migration.name}${how}`)}`);
      for (const lock of migration.locks ?? [])
        parts.push(`-- lock: ${visible(`${lock.mode} on ${lock.schema}.${lock.relation}`)}`);
      parts.push(...migration.statements.map((statement) => `${statement.replace(/;\s*$/, '')};`));
    }
  if (rows !== null && rows.added !== '') parts.push(`\n-- post_migrate\n${rows.added};`);
  return parts.length === 0 ? '-- nothing is pending' : parts.join('\n').trimStart();
}

function noteOf({ by, why }: RecordedSegment): string {
  if (by === 'replay') return '';
  return by === 'steps' ? ' (outside of transactions)' : ` (by Django in each tenant: ${why ?? ''})`;
}

function listOf(schema: string, recording: Recording): string {
  const { segments, why } = recording;
  const rows = segments.flatMap((segment) =>
    segment.migrations.map((migration) => rowOf(segment, migration, why)),
  );
  if (rows.length === 0) return `nothing is pending in "${visible(schema)}"`;
  const reasons = [why, ...segments.map((segment) => segment.why)].filter((reason) => reason !== null);
  const shared = [...new Set(segments.flatMap((segment) => segment.shared))];
  return [
    ...rows,
    '',
    ...reasons.map((reason) => `by Django in each tenant: ${visible(reason)}`),
    ...(shared.length === 0
      ? []
      : [`locks tables that all tenants share, so one tenant at a time: ${visible(shared.join(', '))}`]),
    `undone: "${visible(schema)}" is as it was; --sql shows the statements`,
  ].join('\n');
}

function rowOf(segment: RecordedSegment, migration: MigrationRecording, why: string | null): string {
  const replayed = (segment.by === 'replay' || segment.by === 'steps') && why === null;
  const how = replayed ? 'replay' : 'Django';
  const count = migration.statements.length;
  return `${how.padEnd(6)}  ${visible(`${migration.app}.${migration.name}`)}  ${counted(count, 'statement')}`;
}
