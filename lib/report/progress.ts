import type { TaskView } from './run-view.js';
import { formatCount, formatDuration } from '../text/index.js';

/** How far a task is, in one phrase: "1,204 of 5,000, 85/s, about 45s left, 2 failed". */
export function progressText(task: TaskView): string {
  if (!task.progress) return '';
  const { done, total, failed } = task.progress;
  const parts = [total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : formatCount(done)];
  const rate = task.rate.perSecond();
  if (rate !== undefined && done < total) {
    parts.push(`${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))}/s`);
    parts.push(`about ${formatLeft(((total - done) / rate) * 1000)} left`);
  }
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  return parts.join(', ');
}

/** An estimate promises no tenths of a second. */
function formatLeft(ms: number): string {
  return ms < 59_500 ? `${Math.max(1, Math.round(ms / 1000))}s` : formatDuration(ms);
}
