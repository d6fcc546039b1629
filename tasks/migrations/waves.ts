import * as z from 'zod/mini';
import { described, nonEmpty } from '../../config/define.js';
import type { AbortAfter, Wave } from '../../lib/fleet/index.js';
import { duration, milliseconds } from '../duration.js';
import { globOf } from '../../lib/text/index.js';

const limit = /^(?:(\d+) failures?|(\d+(?:\.\d+)?)%)$/;
const percent = described(
  z.number().check(z.gt(0), z.maximum(100)),
  'As many as make this share of the fleet, together with those before',
);
const pause = described(z._default(duration, 0), 'How long to wait once the wave has gone well');

/** The option `rollout`: which tenants come before the rest. */
export const rollout = described(
  z._default(
    z.array(
      z.union([
        z.strictObject({
          match: described(nonEmpty, 'Names of schemas; * stands for any characters, ? for one'),
          pause,
        }),
        z.strictObject({ percent, pause }),
      ]),
    ),
    [],
  ),
  'Parts of the fleet that are migrated before the rest; what they leave comes last',
  [[{ match: 'canary_*' }, { percent: 10, pause: '1m' }]],
);

/** The option `abortAfter`: when no more tenants are begun. */
export const abortAfter = described(
  z.optional(
    z.string().check(
      z.regex(limit, { error: 'it must be a number of failures or a share, such as "5 failures" or "2%"' }),
      z.refine((text) => !/^0+(?:\.0+)?(?:%| )/.test(text), { error: 'it must be more than none' }),
    ),
  ),
  'How many tenants may fail before no more are begun',
  ['5 failures', '2%'],
);

/** The waves of a rollout. */
export function wavesOf(parts: z.output<typeof rollout>): readonly Wave[] {
  return parts.map((part) => {
    const pauseMs = milliseconds(part.pause);
    if ('percent' in part) return { takes: { percent: part.percent }, pause: pauseMs };
    const pattern = globOf(part.match);
    return { takes: { matches: (schema) => pattern.test(schema) }, pause: pauseMs };
  });
}

/** The number or the share that the text says; undefined where there is no limit. */
export function limitOf(text: string | undefined): AbortAfter | undefined {
  const [, failures, share] = limit.exec(text ?? '') ?? [];
  if (failures !== undefined) return { failures: Number(failures) };
  return share === undefined ? undefined : { percent: Number(share) };
}
