import * as z from 'zod/mini';

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

// Timers of Node hold no more than 24.8 days, and fire at once beyond.
const longest = 24 * 86_400_000;

/** An option that is a duration, as those of the config itself: "250ms", "30s", "1.5m", or 0. */
export const duration = z
  .union([
    z.string().check(z.regex(pattern, { error: 'duration' })),
    z.number().check(z.minimum(0, { error: 'duration' }), z.maximum(0, { error: 'duration' })),
  ])
  .check(z.refine((value) => milliseconds(value) <= longest, { error: 'duration' }))
  .register(z.globalRegistry, { examples: ['250ms', '30s', '1.5m'] });

/** Milliseconds of such an option. */
export function milliseconds(value: string | number): number {
  if (typeof value === 'number') return value;
  const [, number = '0', unit = 'ms'] = pattern.exec(value) ?? [];
  return Math.round(Number(number) * (units[unit] ?? 1));
}
