import { Listr, ListrTaskState, type ListrTask } from 'listr2';
import type { Reporter, RunEvent, TaskStatus } from '../run/events.js';
import { describeStart } from './append-only.js';
import { drawing, type Drawing } from './drawing.js';
import { renderEnd } from './end-block.js';
import { painter, shortProblem } from './format.js';
import type { ReporterOptions } from './options.js';
import { rowLines } from './row.js';
import { RunView, type RunEnd, type TaskView } from './run-view.js';
import { Writer } from './writer.js';

/** A living row for each task, drawn by listr2, which schedules nothing: the rows follow the events. The end block below. */
export function createDefaultReporter(options: ReporterOptions): Reporter {
  return new DefaultReporter(options);
}

// The spinner turns as often; drawing more often only costs.
const refreshMs = 100;

// listr2 has no states of its own for "warned": the one for "rolled back" is free, and gets an icon of ours.
const states: Record<TaskStatus, ListrTaskState> = {
  succeeded: ListrTaskState.COMPLETED,
  'up-to-date': ListrTaskState.COMPLETED,
  warned: ListrTaskState.ROLLED_BACK,
  failed: ListrTaskState.FAILED,
  skipped: ListrTaskState.SKIPPED,
  blocked: ListrTaskState.SKIPPED,
  cancelled: ListrTaskState.SKIPPED,
};

/** A row: the task as listr2 knows it, and the way to end it. */
interface Row {
  readonly view: TaskView;
  task?: { title?: string | undefined; state: ListrTaskState };
  readonly ended: Promise<void>;
  end(): void;
}

class DefaultReporter implements Reporter {
  private readonly view = new RunView();
  private readonly rows = new Map<string, Row>();
  private readonly out: Writer;
  private readonly paint;
  private drawing: Drawing | undefined;
  private drawn: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private written: Promise<void> | undefined;

  constructor(private readonly options: ReporterOptions) {
    this.out = new Writer(options.stdout);
    this.paint = painter(options.color);
  }

  report(event: RunEvent): void {
    const task = this.view.apply(event);
    if (event.type === 'run.start') this.begin(event);
    else if (event.type === 'run.end') this.finish(event);
    else if (event.type === 'notice') this.drawing?.note(shortProblem(event.problem));
    else if (task && event.type === 'task.end') this.endRow(task.name);
    else if (task && event.type !== 'task.log' && event.type !== 'task.progress') this.refresh(task.name);
  }

  async close(): Promise<void> {
    // Without a last event (a fault of ours) the rows stay as they are, and the terminal is given back.
    this.stop();
    await this.drawn;
    await this.written;
    await this.out.flush();
  }

  private begin(event: Extract<RunEvent, { type: 'run.start' }>): void {
    this.out.line(`${this.paint('bold', describeStart(event))}\n`);
    for (const view of this.view.tasks.values()) this.rows.set(view.name, makeRow(view));
    this.drawing = drawing(this.options);
    const listr = new Listr(
      [...[...this.rows.values()].map((row) => this.listrTask(row)), this.drawing.notes],
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: this.drawing.renderer,
        rendererOptions: this.drawing.rendererOptions,
      },
    );
    this.timer = setInterval(() => {
      for (const row of this.rows.values()) this.refresh(row.view.name);
    }, refreshMs);
    this.drawn = listr.run().then(() => undefined);
  }

  private listrTask(row: Row): ListrTask {
    return {
      title: row.view.name,
      task: async (_context, wrapper): Promise<void> => {
        row.task = wrapper.task;
        this.refresh(row.view.name);
        await row.ended;
        this.refresh(row.view.name);
        // listr2 knows a failure by a rejection; the message is not shown.
        if (row.view.end?.status === 'failed') throw new Error(row.view.name);
      },
    };
  }

  private refresh(name: string): void {
    const row = this.rows.get(name);
    if (!row?.task) return;
    const { view, task } = row;
    task.title = rowLines(view, Date.now(), {
      columns: this.columns() - 4,
      nameWidth: Math.min(32, Math.max(...[...this.rows.keys()].map((key) => key.length))),
      paint: this.paint,
      logLines: this.options.verbose ? 5 : 1,
    }).join('\n');
    if (view.end) task.state = states[view.end.status];
    else task.state = view.startedAt === undefined ? ListrTaskState.WAITING : ListrTaskState.STARTED;
  }

  private columns(): number {
    const { columns } = this.options.stdout as { columns?: number };
    return this.options.columns ?? columns ?? 80;
  }

  private endRow(name: string): void {
    this.rows.get(name)?.end();
  }

  private stop(): void {
    clearInterval(this.timer);
    for (const row of this.rows.values()) row.end();
    this.drawing?.end();
  }

  private finish(event: RunEnd): void {
    this.stop();
    this.written = this.drawn.then(() => {
      this.out.line(`\n${renderEnd(this.view, event, this.options)}`);
    });
  }
}

function makeRow(view: TaskView): Row {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { view, ended, end: () => end() };
}
