import type { TaskStatus } from '../run/events.js';
import { outcome, statusWord } from './end-block.js';
import { oneLine, painter } from './format.js';
import { renderMermaid } from './mermaid.js';
import type { RunEnd, RunView } from './run-view.js';
import { verdict } from './verdict.js';
import { counted, formatDuration } from '../text/index.js';

/** What GitHub takes for a job summary, in bytes. */
export const summaryLimit = 1024 * 1024;

const marks: Record<TaskStatus, string> = {
  succeeded: '✅',
  'up-to-date': '✅',
  skipped: '➖',
  warned: '⚠️',
  failed: '❌',
  blocked: '⛔',
  cancelled: '⛔',
};

/** The job summary as Markdown of at most `limit` bytes: the tasks, what checks found, and the graph. */
export function renderSummary(view: RunView, end: RunEnd, limit: number): string {
  const ends = view.ends();
  const head = [`## db-bootstrap`, '', escapeMarkdown(verdict(end, ends, painter(false))), ''];
  const tasks = [
    '| task | result | time | |',
    '|---|---|---:|---|',
    ...ends.map((task) => {
      const time = task.attempts > 0 ? formatDuration(task.ms) : '';
      const result = `${marks[task.status]} ${statusWord(task.status)}`;
      return `| ${escapeMarkdown(task.name)} | ${result} | ${time} | ${escapeMarkdown(outcome(task))} |`;
    }),
    '',
  ];
  const findings = ends.flatMap((task) =>
    (task.problems ?? []).map(
      (problem) =>
        `| ${escapeMarkdown(task.name)} | ${problem.code} | ${escapeMarkdown(problem.message)} | ${escapeMarkdown(problem.help ?? '')} |`,
    ),
  );
  const found =
    findings.length === 0
      ? []
      : ['### Findings', '', '| task | code | what | help |', '|---|---|---|---|', ...findings, ''];
  const graph = ['### Graph', '', '```mermaid', renderMermaid([...view.tasks.values()]), '```', ''];
  return fit([head, tasks, found, graph], limit);
}

/** Takes whole blocks while there is room, and of a table that is too long its first rows. */
function fit(blocks: readonly (readonly string[])[], limit: number): string {
  // Room for the sentence about what was left out, once per block.
  const reserve = 200;
  let text = '';
  for (const lines of blocks) {
    const room = limit - Buffer.byteLength(text) - reserve;
    const block = lines.map((line) => `${line}\n`).join('');
    if (Buffer.byteLength(block) <= room) {
      text += block;
      continue;
    }
    // Half a graph is none.
    const kept = lines.includes('```mermaid') ? [] : linesWithin(lines, room);
    const left = counted(lines.length - kept.length, 'line');
    const sentence = `\n(${left} left out: a job summary holds at most 1 MiB)\n\n`;
    if (room > 0) text += kept.map((line) => `${line}\n`).join('') + sentence;
  }
  return text;
}

function linesWithin(lines: readonly string[], room: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += Buffer.byteLength(line) + 1;
    if (used > room) break;
    kept.push(line);
  }
  return kept;
}

/** A text that stands as it is in a cell of a table. */
function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
