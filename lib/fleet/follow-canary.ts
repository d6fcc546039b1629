import {
  applyAlone,
  postMigrate,
  type MigrationKey,
  type RecordedSegment,
  type Recording,
} from '../django/index.js';
import { BootstrapError } from '../errors/index.js';
import type { DatabaseClient } from '../postgres/index.js';
import type { FleetOptions, FleetWork, Host } from './migrate-fleet.js';
import { rowsScriptFor } from './natural-rows.js';
import { sessionStatements } from './recording.js';
import { replayAll, settingsOf } from './replay.js';
import { replaySteps } from './replay-steps.js';

/** How far a tenant is behind its canary. */
interface Progress {
  ms: number;
  applied: number;
}

/** Tenants that are on their way, and who is told of one that has been through a segment. */
interface Fates {
  readonly going: Map<string, Progress>;
  readonly onDone: (schema: string) => void;
}

/**
 * Brings tenants to where their canary is, segment by segment: by replay where that is possible, else by Django. Resolves with whether
 * what was replayed was kept in all of them.
 */
export async function followCanary(
  options: FleetOptions,
  work: FleetWork,
  recorded: Recording,
  schemas: readonly string[],
): Promise<boolean> {
  const segments = recorded.why === null ? recorded.segments : [];
  const last = segments.at(-1);
  // Django's whole command asks them itself.
  const asks = last !== undefined && last.by !== 'django' && asksIn(options, recorded);
  // Whoever is asked adds the rows as well.
  const recording = asks ? { ...recorded, rows: null } : recorded;
  const going = new Map<string, Progress>(schemas.map((schema) => [schema, { ms: 0, applied: 0 }]));
  const by = segments.every((segment) => isReplayed(segment)) ? 'replay' : 'django';
  // What is replayed in one transaction, with its last step, needs no note.
  const owes = last !== undefined && (segments.length > 1 || last.by !== 'replay' || asks);
  const end = (schema: string): void => {
    const { ms, applied } = going.get(schema) ?? { ms: 0, applied: 0 };
    going.delete(schema);
    work.end({ schema, status: 'migrated', ms: Math.round(ms), applied, by });
  };
  if (asks && recorded.listeners.length > 0)
    options.onNote(`asked in each tenant, as they listen to post_migrate: ${recorded.listeners.join(', ')}`);
  for (const why of new Set([recording.why, ...segments.map((segment) => segment.why)]))
    if (why !== null) options.onNote(`not replayed, but done by Django: ${why}`);

  /** Django's whole command takes tenants from wherever they are to the end. */
  const leaveToDjango = (left: readonly string[]): Promise<void> =>
    work.allByDjango(left, (schema) => {
      const before = going.get(schema);
      going.delete(schema);
      return before;
    });
  /** Does something in each tenant that is still going; one in which it fails has ended. */
  const inEach = (act: (schema: string, host: Host) => Promise<unknown>): Promise<void> =>
    work.inEach([...going.keys()], async (schema, host) => {
      const todo = async (): Promise<true> => {
        await act(schema, host);
        return true;
      };
      const done = await work.tried(schema, todo, () => going.get(schema)?.applied ?? 0);
      if (done !== true) going.delete(schema);
    });

  /** What is left for a tenant that has been through all segments. */
  const finish = async (schema: string, host: Host): Promise<void> => {
    const { timeouts } = options;
    if (asks) await postMigrate(host, { schema, migrations: recordsOf(segments), timeouts });
    // Where a replay comes last, it has added them in the same transaction.
    else if (last?.by !== 'replay') await addRows(options, recording, schema);
    await options.debts.settle(schema);
    end(schema);
  };

  let kept = true;
  if (owes) await inEach((schema) => options.debts.owe(schema));
  for (const [index, segment] of segments.entries()) {
    if (work.isStopped || segment.by === 'django') break;
    const onDone = (schema: string): void => {
      if (segment === last && !owes) end(schema);
      else options.onAdvance(schema, (index + 1) / (segments.length + 1));
    };
    if (segment.by === 'replay') {
      const all = await replayed(options, work, recording, segment, { going, onDone, leaveToDjango });
      kept &&= all;
    } else if (segment.by === 'steps')
      await replayedInSteps(options, work, recording, segment, { going, onDone });
    else await appliedAlone(options, work, segment, { going, onDone });
  }
  if (last === undefined || last.by === 'django') await leaveToDjango([...going.keys()]);
  else if (owes) await inEach(finish);
  for (const [schema, { applied }] of going) work.leaveHalfWay(schema, applied);
  return kept;
}

/** Whether the handlers of post_migrate are asked in every tenant. */
function asksIn({ postMigrate }: FleetOptions, { listeners }: Recording): boolean {
  return postMigrate === 'always' || (postMigrate === 'auto' && listeners.length > 0);
}

function isReplayed({ by }: RecordedSegment): boolean {
  return by === 'replay' || by === 'steps';
}

function recordsOf(segments: readonly RecordedSegment[]): readonly MigrationKey[] {
  return segments.flatMap(({ migrations }) =>
    migrations.filter(({ onlyRecorded }) => onlyRecorded !== true).map(({ app, name }) => ({ app, name })),
  );
}

/** Resolves with whether none was put back to where it was. */
async function replayed(
  { database, capacity, timeouts, signal, onNote }: FleetOptions,
  work: FleetWork,
  recording: Recording,
  segment: RecordedSegment,
  fates: Fates & { readonly leaveToDjango: (schemas: readonly string[]) => Promise<void> },
): Promise<boolean> {
  const { going, onDone, leaveToDjango } = fates;
  const refused: string[] = [];
  const applied = appliedIn(segment);
  try {
    await replayAll({
      database,
      recording,
      segment,
      schemas: [...going.keys()],
      capacity,
      timeouts,
      signal,
      isStopped: () => work.isStopped,
      onDone: (schema, ms) => {
        const progress = going.get(schema);
        if (!progress) return;
        progress.ms += ms;
        progress.applied += applied;
        onDone(schema);
      },
      onRefused: (schema, why) => {
        onNote(`${schema}: the replay was undone, Django does it: ${why}`);
        refused.push(schema);
      },
    });
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    work.stop(error);
  }
  await leaveToDjango(refused);
  return refused.length === 0;
}

/** One tenant after the other: who makes an index concurrently waits for all others who do. */
async function replayedInSteps(
  { database, timeouts }: FleetOptions,
  work: FleetWork,
  recording: Recording,
  segment: RecordedSegment,
  { going, onDone }: Fates,
): Promise<void> {
  const applied = appliedIn(segment);
  const inOne = async (client: DatabaseClient, schema: string, progress: Progress): Promise<void> => {
    const started = performance.now();
    const steps = async (again: boolean): Promise<true> => {
      await replaySteps(schema, { client, recording, segment, timeouts, again });
      return true;
    };
    if ((await work.tried(schema, steps, () => progress.applied)) === true) {
      progress.ms += performance.now() - started;
      progress.applied += applied;
      onDone(schema);
    } else going.delete(schema);
  };
  try {
    await database.withClient(async (client) => {
      for (const [schema, progress] of going) if (!work.isStopped) await inOne(client, schema, progress);
    });
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    work.stop(error);
  }
}

function appliedIn({ migrations }: RecordedSegment): number {
  return migrations.reduce((sum, { records }) => sum + records.length, 0);
}

async function appliedAlone(
  { timeouts }: FleetOptions,
  work: FleetWork,
  { migrations }: RecordedSegment,
  { going, onDone }: Fates,
): Promise<void> {
  const keys = migrations.map(({ app, name }) => ({ app, name }));
  await work.inEach([...going.keys()], async (schema, host) => {
    const progress = going.get(schema);
    if (!progress) return;
    const apply = (again: boolean): ReturnType<typeof applyAlone> =>
      applyAlone(host, { schema, migrations: keys, timeouts, again }, () => {
        progress.applied += 1;
      });
    const done = await work.tried(schema, apply, () => progress.applied);
    if (done) {
      progress.ms += done.ms;
      onDone(schema);
    } else going.delete(schema);
  });
}

/** What post_migrate adds, where the last migrations were not replayed: in a transaction of its own. */
async function addRows(
  { database, timeouts }: FleetOptions,
  recording: Recording,
  schema: string,
): Promise<void> {
  const rows = rowsScriptFor(schema, recording);
  if (rows === '') return;
  // Together they are one transaction, which an error ends.
  await database.query(`${settingsOf(timeouts)}${sessionStatements(recording)}${rows}`);
}
