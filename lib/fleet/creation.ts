import { createHash } from 'node:crypto';
import type { Recording } from '../django/index.js';
import { fingerprintStatement } from './fingerprint.js';
import type { FleetMember } from './member.js';
import type { FleetOptions } from './migrate-fleet.js';

// What Django executes in a schema that has nothing depends on the project alone, so it is recorded once: the next tenants that are
// created, in whatever run, are replayed from the first on. Where they turn out different, Django does them, as ever.

/** What was recorded when a schema like these was migrated from nothing, by the project as it is. */
export async function recallCreation(
  options: FleetOptions,
  cohort: readonly FleetMember[],
): Promise<Recording | undefined> {
  const [member] = cohort;
  if (member?.applied !== 0 || member.begun === true) return undefined;
  try {
    return (await options.hosts[0].recall(await nameOf(options, member))) as Recording | undefined;
  } catch {
    // It only saves time; of a server that is gone, and of an interruption, the tenants themselves tell.
    return undefined;
  }
}

/** Keeps a recording for the next schemas that are made, where the recorded one had nothing. */
export async function rememberCreation(
  options: FleetOptions,
  member: FleetMember,
  recording: Recording,
): Promise<void> {
  const isWhole = recording.why === null && recording.segments.every(({ by }) => by !== 'django');
  if (member.applied !== 0 || recording.prelude.length === 0 || !isWhole) return;
  try {
    await options.hosts[0].remember(await nameOf(options, member), recording);
  } catch {
    // The next tenant that is created has a canary again.
  }
}

/** Tells apart what may be executed by one project: by the tenant's type, the server's version, and what is asked of the recording. */
async function nameOf({ database, postMigrate }: FleetOptions, member: FleetMember): Promise<string> {
  const [server] = await database.query<{ version: string }>(
    `select current_setting('server_version_num') as version`,
  );
  const facts = [
    member.type ?? null,
    server?.version,
    member.pending,
    fingerprintStatement(),
    postMigrate === 'never',
  ];
  return `creation ${createHash('sha256').update(JSON.stringify(facts)).digest('hex')}`;
}
