import * as z from 'zod/mini';
import { durationPattern, longestDuration, parseDuration } from '../lib/text/index.js';

/** An option that is a duration, as those of the config itself: "250ms", "30s", "1.5m", or 0. */
export const duration = z
  .union([
    z.string().check(z.regex(durationPattern, { error: 'duration' })),
    z.number().check(z.minimum(0, { error: 'duration' }), z.maximum(0, { error: 'duration' })),
  ])
  .check(z.refine((value) => milliseconds(value) <= longestDuration, { error: 'duration' }))
  .register(z.globalRegistry, { examples: ['250ms', '30s', '1.5m'] });

/** Milliseconds of such an option. */
export function milliseconds(value: string | number): number {
  return parseDuration(value) ?? 0;
}
