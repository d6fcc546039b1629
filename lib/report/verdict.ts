import type { TaskEnd } from '../run/events.js';
import { oneLine, type Paint } from './format.js';
import type { RunEnd } from './run-view.js';
import { counted, formatDuration, listNames } from '../text/index.js';

/** The final sentence: "ready: …", "nothing to do: …" or "not ready: …". It says ready only where the run succeeded. */
export function verdict(end: RunEnd, ends: readonly TaskEnd[], paint: Paint): string {
  if (end.status === 'succeeded') return paint('green', `${success(ends, end.ms)}${reservations(ends)}`);
  const sentence = end.status === 'cancelled' ? cancelled(end, ends) : failure(end, ends);
  return paint('red', `not ready: ${sentence}`);
}

function success(ends: readonly TaskEnd[], ms: number): string {
  const ran = ends.filter(({ status }) => status !== 'skipped');
  const changed = ran.filter((task) => task.changed);
  if (ran.length === 0) return `nothing to do: no task ran, and nothing was verified`;
  const time = formatDuration(ms);
  if (changed.length === 0) {
    return `nothing to do: ready already, ${counted(ran.length, 'task')} in ${time} changed nothing`;
  }
  return `ready: ${changed.length} of ${counted(ran.length, 'task')} changed something, in ${time}`;
}

function reservations(ends: readonly TaskEnd[]): string {
  const warned = ends.filter(({ status }) => status === 'warned');
  return warned.length === 0 ? '' : `; with a warning: ${listNames(warned.map(({ name }) => name))}`;
}

function failure(end: RunEnd, ends: readonly TaskEnd[]): string {
  const [fault] = end.problems ?? [];
  const failed = ends.filter(({ status }) => status === 'failed');
  const missing = ends.filter(({ status }) => status === 'blocked' || status === 'cancelled').length;
  const parts: string[] = [];
  if (fault) parts.push(oneLine(fault.message));
  if (failed.length > 0) {
    const word = failed.every(({ check }) => check) ? 'check' : 'task';
    parts.push(`${word}${failed.length > 1 ? 's' : ''} ${listNames(failed.map(({ name }) => name))} failed`);
  }
  if (missing > 0) parts.push(`${counted(missing, 'task')} did not run`);
  return parts.join('; ') || 'the run failed';
}

function cancelled(end: RunEnd, ends: readonly TaskEnd[]): string {
  const [fault] = end.problems ?? [];
  const left = ends.filter(({ status }) => status === 'blocked' || status === 'cancelled').length;
  const cause = fault ? oneLine(fault.message) : `interrupted after ${formatDuration(end.ms)}`;
  return left === 0 ? cause : `${cause}; ${counted(left, 'task')} did not finish`;
}
