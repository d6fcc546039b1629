import { z } from 'zod';

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** An option that is a duration: "250ms", "30s", "2m", or a number of milliseconds. */
export const duration = z.union([z.string().regex(pattern, { error: 'duration' }), z.number().min(0)]);

/** Milliseconds of such an option. */
export function milliseconds(value: z.output<typeof duration>): number {
  if (typeof value === 'number') return value;
  const [, number = '0', unit = 'ms'] = pattern.exec(value) ?? [];
  return Number(number) * (units[unit] ?? 1);
}
