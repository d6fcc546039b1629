import type { TaskResult } from '../../config/define.js';

/** Code, severity and message of each finding. */
export function told({ findings }: TaskResult): (readonly [string, string, string])[] {
  return (findings ?? []).map(({ code, severity, message }) => [code, severity ?? 'error', message] as const);
}
