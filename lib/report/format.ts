import { visible, type Problem } from '../errors/index.js';

/** A duration for people: "812ms", "3.2s", "2m 05s", "1h 02m". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** A point of time in a run: "00:03.2". */
export function formatElapsed(ms: number): string {
  const tenths = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(tenths / 10);
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}.${tenths % 10}`;
}

/** A number with separators: "12,345". */
export function formatCount(count: number): string {
  // Without toLocaleString, whose first call takes 9 ms.
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 task", "2 tasks". */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** Names as people list them, at most `limit` of them: `"a", "b" and 3 more`. */
export function listNames(names: readonly string[], limit = 10): string {
  const quoted = names.map((name) => `"${visible(name)}"`);
  if (quoted.length > limit) {
    return `${quoted.slice(0, limit).join(', ')} and ${formatCount(quoted.length - limit)} more`;
  }
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`;
}

/** A text on one line: blanks and line ends become one space, control characters are shown as escapes. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ').trim());
}

/** A problem on one line: "deadlock detected [DBB5004]". */
export function shortProblem(problem: Problem): string {
  return `${oneLine(problem.message)} [${problem.code}]`;
}

type Tone = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold';

/** Colours a text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const sgr: Record<Tone, readonly [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** A `Paint` that colours, or one that does not. */
export function painter(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${sgr[tone][0]}m${text}\u001b[${sgr[tone][1]}m` : text);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
