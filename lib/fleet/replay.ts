import { BootstrapError } from '../errors/index.js';
import type { RecordedSegment, Recording, Timeouts } from '../django/index.js';
import type { DatabaseClient } from '../postgres/index.js';
import { isBusy, lockTries, pauseAfter } from './busy.js';
import type { Capacity } from './capacity.js';
import { fingerprints } from './fingerprint.js';
import { addRows } from './natural-rows.js';
import { scriptFor, sessionStatements } from './recording.js';

/** The workflow's database: statements, and connections of one's own. A text without values may hold several statements. */
export interface FleetDatabase extends DatabaseClient {
  withClient<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T>;
}

/** What replaying needs. */
export interface ReplayOptions {
  readonly database: FleetDatabase;
  readonly recording: Recording;
  readonly segment: RecordedSegment;
  readonly schemas: readonly string[];
  readonly capacity: Capacity;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
  /** Asked before each batch. */
  readonly isStopped: () => boolean;
  readonly onDone: (schema: string, ms: number) => void;
  /** It is as it was; Django has to do it. */
  readonly onRefused: (schema: string, why: string) => void;
}

/** Statements beyond which a transaction takes one schema only: its locks are held until its end. */
const statementsPerBatch = 60;
const largestBatch = 30;
/** Locks that a tenant takes beside those of what the recording names: its records, content types and permissions. */
const locksBeside = 12;

/**
 * Replays a segment in each schema, and compares what it touched with the recorded schema before it commits. Every schema is either
 * wholly where the segment ends, or as it was.
 */
export async function replayAll(options: ReplayOptions): Promise<void> {
  const { database, segment, schemas, capacity, signal, isStopped } = options;
  const statements = segment.migrations.reduce((sum, migration) => sum + migration.statements.length + 1, 0);
  const most = Math.max(
    1,
    Math.min(
      largestBatch,
      Math.floor(statementsPerBatch / Math.max(statements, 1)),
      Math.floor(capacity.locks / (segment.names.length + locksBeside)),
    ),
  );
  // Who refers to a table that all tenants share locks it against the others: one after the other, nobody waits or deadlocks.
  const connections = segment.shared.length > 0 ? 1 : capacity.connections;
  const batches = batchesOf(schemas, evenSize(schemas.length, most, connections));
  const work = async (): Promise<void> => {
    if (batches.length === 0) return;
    await database.withClient(async (client) => {
      for (let batch = batches.shift(); batch && !isStopped(); batch = batches.shift()) {
        await replayBatch(client, batch, options);
      }
    });
  };
  const lanes = Math.min(connections, batches.length);
  const ends = await Promise.allSettled(Array.from({ length: lanes }, work));
  const broken = ends.find((end) => end.status === 'rejected');
  // What an interruption broke off is rolled back.
  if (broken && !signal.aborted) throw broken.reason;
}

async function replayBatch(
  client: DatabaseClient,
  schemas: readonly string[],
  options: ReplayOptions,
): Promise<void> {
  const { recording, segment, timeouts, signal, onDone, onRefused } = options;
  const started = performance.now();
  const opening = `begin;\n${settingsOf(timeouts)}${sessionStatements(recording)}`;
  const scripts = schemas.map((schema) => scriptFor(schema, recording, segment));
  // One of several is different, or all are too many for the lock table: halves find out which.
  let size = Math.ceil(schemas.length / 2);
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`${opening}${scripts.join(';\n')}`);
      if (segment === recording.segments.at(-1)) await addRows(client, schemas, recording);
      const found = await fingerprints(client, schemas, segment.names);
      const differing = schemas.filter((schema) => found.get(schema) !== segment.digest);
      if (differing.length === 0) {
        await client.query('commit');
        for (const schema of schemas) onDone(schema, (performance.now() - started) / schemas.length);
        return;
      }
      await client.query('rollback');
      if (schemas.length === 1) {
        for (const schema of differing)
          onRefused(schema, 'its tables are not those of the tenant that was recorded');
        return;
      }
      break;
    } catch (error) {
      if (!(error instanceof BootstrapError) || isConnectionLoss(error)) throw error;
      await client.query('rollback');
      if (schemas.length === 1 && isBusy(error) && tries < lockTries) {
        await pauseAfter(tries, signal);
        continue;
      }
      if (schemas.length === 1) {
        for (const schema of schemas) onRefused(schema, error.message);
        return;
      }
      // Others need not wait, half after half, for the one that is busy.
      if (isBusy(error)) size = 1;
      break;
    }
  }
  for (const part of batchesOf(schemas, size))
    if (!options.isStopped()) await replayBatch(client, part, options);
}

/** As many for each batch, up to `most`, that all connections end at about the same time. */
function evenSize(count: number, most: number, connections: number): number {
  if (count <= most) return most;
  const rounds = Math.ceil(count / (connections * most));
  return Math.ceil(count / (connections * rounds));
}

function batchesOf(schemas: readonly string[], size: number): string[][] {
  const batches = [];
  for (let start = 0; start < schemas.length; start += size) batches.push(schemas.slice(start, start + size));
  return batches;
}

/** Statements that limit the transaction in which they stand. */
export function settingsOf(timeouts: Timeouts): string {
  return Object.entries(timeouts)
    .map(([name, ms]) => `set local ${name} = ${String(ms)};\n`)
    .join('');
}

function isConnectionLoss(error: BootstrapError): boolean {
  // What a role may not do to one tenant's tables is no fault of the connection.
  return error.code.startsWith('DBB40') && error.code !== 'DBB4014';
}
