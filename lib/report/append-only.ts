import type { Reporter, RunEvent } from '../run/events.js';
import { outcome, renderEnd, statusWord } from './end-block.js';
import { formatElapsed, oneLine, painter, shortProblem } from './format.js';
import type { ReporterOptions } from './options.js';
import { progressText } from './progress.js';
import { RunView, type TaskView } from './run-view.js';
import { Writer } from './writer.js';
import { counted, formatDuration, padText, plainText, visible } from '../text/index.js';

// A long task shows that it lives, without filling the log.
const progressEveryMs = 10_000;

/** A line for each event that matters, with the time since the start; the end block below. */
export function createAppendOnlyReporter(options: ReporterOptions): Reporter {
  const out = new Writer(options.stdout);
  const view = new RunView();
  const lines = new EventLines(view, options);
  return {
    report(event: RunEvent) {
      const task = view.apply(event);
      if (!options.quiet) for (const line of lines.of(event, task)) out.line(line);
      if (event.type === 'run.end')
        out.line(`${options.quiet ? '' : '\n'}${renderEnd(view, event, options)}`);
    },
    close: () => out.flush(),
  };
}

/** Turns events into lines. */
class EventLines {
  private startedAt: number | undefined;
  private readonly progressAt = new Map<string, number>();
  private readonly paint;

  constructor(
    private readonly view: RunView,
    private readonly options: ReporterOptions,
  ) {
    this.paint = painter(options.color);
  }

  of(event: RunEvent, task: TaskView | undefined): string[] {
    this.startedAt ??= event.at;
    const texts = this.texts(event, task);
    const width = Math.max(4, ...[...this.view.tasks.keys()].map((name) => name.length));
    const time = this.paint('dim', formatElapsed(event.at - this.startedAt));
    return texts.map((text) =>
      task ? `${time}  ${padText(task.name, width)}  ${text}` : `${time}  ${text}`,
    );
  }

  private texts(event: RunEvent, task: TaskView | undefined): string[] {
    const { paint } = this;
    switch (event.type) {
      case 'run.start':
        return [describeStart(event)];
      case 'notice':
        return [paint('yellow', `${event.problem.severity ?? 'warning'}: ${shortProblem(event.problem)}`)];
      case 'task.start':
        return ['started'];
      case 'attempt.start':
        return event.attempt > 1 ? [`attempt ${event.attempt} started`] : [];
      case 'attempt.fail': {
        if (event.retryIn === undefined) return [];
        const cause = event.problems[0] ? `: ${shortProblem(event.problems[0])}` : '';
        const next = `next in ${formatDuration(event.retryIn)}`;
        return [paint('yellow', `attempt ${event.attempt} of ${event.attempts} failed, ${next}${cause}`)];
      }
      case 'task.log':
        return this.options.verbose
          ? plainText(event.line)
              .split('\n')
              .map((line) => `| ${line}`)
          : [];
      case 'task.progress':
        return task ? this.progress(task, event.at) : [];
      case 'tenant.end':
        return this.tenant(event);
      case 'task.end': {
        const status = statusWord(event.status);
        const time = event.attempts > 0 ? ` in ${formatDuration(event.ms)}` : '';
        const reason = outcome(event);
        return [this.tint(event.status, `${status}${time}`) + (reason === '' ? '' : `: ${reason}`)];
      }
      case 'run.end':
        return [];
    }
  }

  private tenant(event: Extract<RunEvent, { type: 'tenant.end' }>): string[] {
    const failed = event.status === 'failed';
    if (!failed && !this.options.verbose) return [];
    const time = event.ms === undefined ? '' : ` in ${formatDuration(event.ms)}`;
    const why = event.problem ? shortProblem(event.problem) : oneLine(event.reason ?? '');
    const text = `schema "${visible(event.schema)}" ${event.status}${time}${why === '' ? '' : `: ${why}`}`;
    return [failed ? this.paint('red', text) : text];
  }

  private progress(task: TaskView, at: number): string[] {
    const last = this.progressAt.get(task.name) ?? task.startedAt ?? at;
    if (at - last < progressEveryMs) return [];
    this.progressAt.set(task.name, at);
    return [progressText(task)];
  }

  private tint(status: string, text: string): string {
    if (status === 'failed') return this.paint('red', text);
    return this.paint(status === 'succeeded' || status === 'up-to-date' ? 'green' : 'yellow', text);
  }
}

/** The first line of a run: version, number of tasks, config, database. */
export function describeStart(event: Extract<RunEvent, { type: 'run.start' }>): string {
  const from = event.file === undefined ? '' : ` from ${event.file}`;
  const profile = event.profile === undefined ? '' : ` (profile ${event.profile})`;
  const database = event.database === undefined ? '' : ` on ${event.database}`;
  return oneLine(
    `db-bootstrap ${event.version}: ${counted(event.tasks.length, 'task')}${from}${profile}${database}`,
  );
}
