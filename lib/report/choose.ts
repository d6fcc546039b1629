import type { ReporterName } from './options.js';

/** What decides about the reporter. */
export interface ReporterChoice {
  /** --reporter. */
  readonly flag?: ReporterName | undefined;
  /** `reporter` in the config. */
  readonly config?: ReporterName | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal. */
  readonly isTTY: boolean;
}

/** The flag, else the config, else `github` under GitHub Actions, `default` on a terminal that can redraw, `append-only` elsewhere. */
export function chooseReporter({ flag, config, env, isTTY }: ReporterChoice): ReporterName {
  const wanted = flag ?? config;
  if (wanted !== undefined) return wanted;
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  const ci = env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false';
  return isTTY && !ci && env['TERM'] !== 'dumb' ? 'default' : 'append-only';
}
