const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like, for the schema: "250ms", "30s", "1.5m", "2h". */
export const durationPattern = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

/** Milliseconds of a duration ("30s"; a number is milliseconds), or undefined where it is none. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text);
  if (!durationPattern.test(text)) return undefined;
  const [, number = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Math.round(Number(number) * (units[unit] ?? NaN));
}
