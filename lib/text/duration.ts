const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like, for the schema: "250ms", "30s", "1.5m", "2h". */
export const durationPattern = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

/** Milliseconds of a duration ("30s"), or undefined where it is none: only 0 needs no unit. */
export function parseDuration(value: string | number): number | undefined {
  const text = String(value).trim();
  if (text === '0') return 0;
  if (!durationPattern.test(text)) return undefined;
  const [, number = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Math.round(Number(number) * (units[unit] ?? NaN));
}

/** The longest that a timer can wait for. */
export const longestDuration = 24 * 86_400_000;

/** A duration in milliseconds for people: "250ms", "1.5s", "2m", "2m 5s", "1h 3m". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1000);
  const units = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return units
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
