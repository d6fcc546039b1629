import type { RunEvent } from '../../lib/run/events.js';
import { eventsOf, type Ended } from '../support/command.js';
import type { TenantFacts } from './tenant-facts.js';

type Facts = ReadonlyMap<string, TenantFacts>;
type TenantEnd = Extract<RunEvent, { type: 'tenant.end' }>;

/** How each tenant ended, as the report tells it. */
export function tenantEndsOf({ stdout }: Ended): readonly TenantEnd[] {
  return eventsOf(stdout).flatMap((event) => (event.type === 'tenant.end' ? [event] : []));
}

/**
 * What a run that ended by itself told and is not so, by what the tenants had before and after it, and what Django itself gives them;
 * `refused` it does not migrate to the end.
 */
export function misreported(
  ended: Ended,
  facts: {
    readonly before: Facts;
    readonly after: Facts;
    readonly wanted: Facts;
    readonly refused: readonly string[];
    readonly mayFinishLater?: boolean;
  },
): string[] {
  const wrong: string[] = [];
  const events = eventsOf(ended.stdout);
  const last = events.at(-1);
  if (last?.type !== 'run.end') wrong.push('the report has no end');
  else if (last.exitCode !== ended.code)
    wrong.push(`exit code ${String(ended.code)}, told as ${String(last.exitCode)}`);
  const ends = tenantEndsOf(ended);
  const isDone = (schema: string): boolean =>
    !facts.refused.includes(schema) &&
    JSON.stringify(facts.after.get(schema)) === JSON.stringify(facts.wanted.get(schema));
  for (const schema of facts.wanted.keys()) {
    const own = ends.filter((end) => end.schema === schema);
    const [end] = own;
    if (!end || own.length > 1) {
      wrong.push(
        `"${schema}" is told ${String(own.length)} times: ${own.map(({ status }) => status).join(', ')}`,
      );
      continue;
    }
    const { status, reason, problem } = end;
    // What a host had asked for when it died, the server may have done all the same, and nobody was told.
    const isUnknown = problem?.code === 'DBB6009' || facts.mayFinishLater === true;
    const isCalledDone = status === 'migrated' || status === 'up-to-date';
    if ((isCalledDone || !isUnknown) && isCalledDone !== isDone(schema))
      wrong.push(
        `"${schema}" is told as ${status} (${reason ?? ''}), and has ${JSON.stringify(facts.after.get(schema))}`,
      );
    if (status === 'failed' && problem === undefined) wrong.push(`"${schema}" failed without a cause`);
    if (status === 'not-tried' && facts.mayFinishLater !== true) {
      const told = Number(/after (\d+) of its migrations$/.exec(reason ?? '')?.[1] ?? 0);
      const more =
        (facts.after.get(schema)?.recorded.length ?? 0) - (facts.before.get(schema)?.recorded.length ?? 0);
      if (told !== more) wrong.push(`"${schema}": ${reason ?? ''}, but it got ${String(more)}`);
    }
  }
  const allDone = [...facts.wanted.keys()].every(isDone);
  if (ended.code === 0 && !allDone) wrong.push('it ended well, and tenants are behind');
  return wrong;
}
