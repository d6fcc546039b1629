import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf, type Ended } from '../support/command.js';
import { pictureOf } from '../support/fleet.js';
import { query, type OwnServer } from '../support/postgres.js';
import { openCopies, type Choices, type Copies, type Place } from './copies.js';
import { firstDifference } from './difference.js';
import { migrating, type Fault } from './faults.js';
import { Gate, untilAlone } from './gate.js';
import { halfMigrated } from './half-migrated.js';
import { misreported } from './misreported.js';
import { renumberedPicture } from './renumbered.js';
import { factsOf, invalidIndexes } from './tenant-facts.js';

/** What a random project is made from, and where a fault meets it. */
export interface FaultChoices extends Choices {
  /** See Scene. */
  readonly share: number;
  readonly choice: number;
  /** Whether the run after the fault is `run --resume`. */
  readonly resumes: boolean;
}

/** Where a fault is tried. */
export interface FaultPlace extends Place {
  readonly server?: OwnServer;
}

/**
 * Migrates one copy of a fleet by django-tenants itself, and one by db-bootstrap while something goes wrong, and once more: nothing is
 * half migrated after the fault, the report says how it is, and in the end the databases are equal. Rejects with what is not so; resolves
 * with false where there was nothing to try.
 */
export async function endureFault(fault: Fault, choices: FaultChoices, place: FaultPlace): Promise<boolean> {
  const copies = await openCopies(choices, place);
  if (!copies) return false;
  let keepsFolder = true;
  try {
    const tried = await trial(fault, choices, copies, place.server);
    keepsFolder = false;
    return tried;
  } catch (error) {
    throw new Error(`${copies.folder}\n${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await copies.close(keepsFolder);
  }
}

async function trial(
  fault: Fault,
  { share, choice, resumes }: FaultChoices,
  copies: Copies,
  server: OwnServer | undefined,
): Promise<boolean> {
  const { schemas, theirs, ours } = copies;
  const changed = await fault.drift?.({ copies, server, share, choice, steps: 0 });
  if (changed) for (const url of [theirs, ours]) await query(url, changed.statement);
  const gate = await Gate.open(theirs, schemas);
  if (!(await copies.django(['release.py']))) return false;
  const steps = await gate.count();
  await gate.letGo();
  await gate.remove();
  const refused = Object.keys(
    JSON.parse(readFileSync(join(copies.folder, 'refused.json'), 'utf8')) as Record<string, string>,
  );
  // Who was not changed, Django refuses only because the project is not valid.
  if (refused.some((schema) => schema !== changed?.schema)) return false;

  const wanted = await factsOf(theirs, schemas);
  const before = await factsOf(ours, schemas);
  const {
    ended,
    mayFinishLater = false,
    misreported: more = [],
  } = await fault.run({ copies, server, share, choice, steps });
  await untilAlone(ours);
  const told = `${changed?.statement ?? ''}\n${storyOf(ended)}`;
  const wrong = await halfMigrated(copies, changed ? [changed.schema] : []);
  if (ended.signal === null) {
    const after = await factsOf(ours, schemas);
    wrong.push(...misreported(ended, { before, after, wanted, refused, mayFinishLater }), ...more);
  }
  assert.deepEqual(wrong, [], `${wrong.join('\n')}\n${told}`);

  const again = await copies.bootstrap(
    ...(resumes && ended.code !== 0 ? ['--resume', '--reporter', 'ndjson'] : migrating),
  ).ended;
  const log = `${told}\nagain:\n${storyOf(again)}`;
  assert.equal(again.code, refused.length > 0 ? 1 : 0, log);
  assert.deepEqual(await invalidIndexes(ours), [], log);
  await assertSame(copies, log);
  return true;
}

async function assertSame({ theirs, ours, schemas }: Copies, log: string): Promise<void> {
  if ((await pictureOf(theirs)) === (await pictureOf(ours))) return;
  const [want, got] = [await renumberedPicture(theirs, schemas), await renumberedPicture(ours, schemas)];
  assert.ok(want === got, `${firstDifference(want, got)}\n${log}`);
}

/** What a run told of the tenants. */
function storyOf({ code, signal, stdout, stderr }: Ended): string {
  const lines = eventsOf(stdout).flatMap((event) => {
    if (event.type === 'task.log') return [event.line];
    if (event.type === 'tenant.end')
      return [`${event.schema}: ${event.status} ${JSON.stringify(event.problem ?? event.reason ?? '')}`];
    if (event.type === 'run.end') return [JSON.stringify(event.problems ?? [])];
    return event.type === 'attempt.fail' || event.type === 'notice' ? [JSON.stringify(event)] : [];
  });
  return [...lines, stderr, `ended with ${String(code ?? signal)}`].join('\n');
}
