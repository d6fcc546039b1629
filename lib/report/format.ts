import { type Problem } from '../errors/index.js';
import { visible } from '../text/index.js';

/** A point of time in a run: "00:03.2". */
export function formatElapsed(ms: number): string {
  const tenths = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(tenths / 10);
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}.${tenths % 10}`;
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
