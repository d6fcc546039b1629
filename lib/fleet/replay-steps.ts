import type { ConcurrentIndex, RecordedSegment, Recording, Timeouts } from '../django/index.js';
import { BootstrapError } from '../errors/index.js';
import type { DatabaseClient } from '../postgres/index.js';
import { inMigration } from './failure-in-schema.js';
import { dropInvalidIndex } from './invalid-indexes.js';
import { recordStatement, searchPathOf, sessionStatements } from './recording.js';

/** What replaying outside of transactions needs. */
export interface StepOptions {
  /** A connection that nobody else uses until all schemas are done. */
  readonly client: DatabaseClient;
  readonly recording: Recording;
  readonly segment: RecordedSegment;
  readonly timeouts: Timeouts;
  /** An earlier try was broken off: an index that is there is taken as made, and one that is gone as removed. */
  readonly again: boolean;
}

/**
 * Replays migrations that are not atomic in one schema, statement by statement. What breaks off leaves them at some statement, and the
 * next try goes on there.
 */
export async function replaySteps(schema: string, options: StepOptions): Promise<void> {
  const { client, recording, segment, timeouts } = options;
  const settings = Object.entries(timeouts).map(([name, ms]) => `set ${name} = ${String(ms)};\n`);
  const session = sessionStatements(recording, 'session');
  await client.query(`${settings.join('')}${session}set search_path = ${searchPathOf(schema, recording)}`);
  for (const { app, name, statements, indexes, records } of segment.migrations) {
    try {
      for (const [position, statement] of statements.entries())
        await step(schema, { statement, index: indexes?.[position] ?? null }, options);
      if (records.length > 0) await client.query(recordStatement(schema, records));
    } catch (error) {
      throw error instanceof BootstrapError ? inMigration(`${app}.${name}`, error) : error;
    }
  }
}

interface Step {
  readonly statement: string;
  readonly index: ConcurrentIndex | null;
}

async function step(
  schema: string,
  { statement, index }: Step,
  { client, again }: StepOptions,
): Promise<void> {
  const valid = index && (await isValid(client, schema, index.name));
  if (index?.made === true) {
    if (valid === true && again) return;
    if (valid === false) await dropInvalidIndex(client, { schema, name: index.name });
    await client.query(statement);
  } else if (index) {
    // By its bare name, one of a table that all tenants share might be meant where the tenant's own is gone.
    if (!again || valid !== undefined) await client.query(statement);
  } else await client.query(statement);
}

/** Whether an index of this name is valid; undefined where the schema has none. */
async function isValid(client: DatabaseClient, schema: string, name: string): Promise<boolean | undefined> {
  const [row] = await client.query<{ valid: boolean }>(
    `select i.indisvalid as valid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [schema, name],
  );
  return row?.valid;
}
