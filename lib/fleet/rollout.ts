import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted, type FleetEnd, type FleetMember } from './member.js';
import { migrateFleet, type FleetOptions, type FleetResult } from './migrate-fleet.js';
import { counted } from '../text/index.js';

/** A part of the fleet that is migrated before the rest. */
export interface Wave {
  /** The tenants that it takes: by name, or as many as make this share of the fleet together with those before. */
  readonly takes: { readonly matches: (schema: string) => boolean } | { readonly percent: number };
  /** Milliseconds to wait once it has gone well. */
  readonly pause: number;
}

/** What a rollout needs beside what each of its waves does. */
export interface RolloutOptions extends FleetOptions {
  /** What they do not take comes last. */
  readonly waves: readonly Wave[];
  /** Where nothing says how many may fail, a wave with a failure is the last. */
  readonly goesOnPastFailures: boolean;
}

/** Migrates the fleet wave by wave. Each has a canary of its own, so what went wrong in one has not touched the next. */
export async function rollOut(options: RolloutOptions): Promise<FleetResult> {
  const { limit, signal, onEnd, onNote } = options;
  const parts = partsOf(options.members, options.waves);
  const ends: FleetEnd[] = [];
  for (const [index, { members, pause }] of parts.entries()) {
    const name = `wave ${String(index + 1)} of ${String(parts.length)}`;
    if (parts.length > 1) onNote(`${name}: ${counted(members.length, 'tenant')}`);
    const before = limit.failures;
    const result = await migrateFleet({ ...options, members });
    ends.push(...result.ends);
    const rest = parts.slice(index + 1).flatMap((part) => part.members);
    const failed = limit.failures - before;
    const why = signal.aborted
      ? interrupted
      : (result.stopped?.message ??
        limit.reached ??
        (failed > 0 && !options.goesOnPastFailures
          ? `${counted(failed, 'tenant')} failed in ${name}`
          : undefined));
    if (why !== undefined) {
      const left = rest.map(({ schema }): FleetEnd => ({ schema, status: 'not-tried', reason: why }));
      left.forEach(onEnd);
      return { ...result, ends: [...ends, ...left] };
    }
    if (pause > 0 && rest.length > 0) {
      onNote(`${name} has gone well; the next begins in ${String(pause / 1000)} s`);
      // An interruption is told of by the next wave, which begins nothing then.
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
  return { ends };
}

/** The members of each wave, those without any left out; an empty fleet has no wave. */
export function partsOf(
  members: readonly FleetMember[],
  waves: readonly Wave[],
): readonly { readonly members: readonly FleetMember[]; readonly pause: number }[] {
  const parts: { members: FleetMember[]; pause: number }[] = [];
  let rest = [...members];
  for (const { takes, pause } of waves) {
    const missing =
      'percent' in takes
        ? Math.max(0, Math.ceil((members.length * takes.percent) / 100) - (members.length - rest.length))
        : 0;
    const taken =
      'percent' in takes ? rest.slice(0, missing) : rest.filter(({ schema }) => takes.matches(schema));
    const chosen = new Set(taken);
    rest = rest.filter((member) => !chosen.has(member));
    parts.push({ members: taken, pause });
  }
  return [...parts, { members: rest, pause: 0 }].filter((part) => part.members.length > 0);
}
