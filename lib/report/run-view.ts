import type { Problem } from '../errors/index.js';
import type { RunEvent, TaskEnd } from '../run/events.js';
import { Rate } from './rate.js';

/** The last event of a run. */
export type RunEnd = Extract<RunEvent, { type: 'run.end' }>;
type RunStart = Extract<RunEvent, { type: 'run.start' }>;
type TenantEvent = Extract<RunEvent, { type: 'tenant.end' }>;

/** What the events said about one task so far. */
export interface TaskView {
  readonly name: string;
  use: string;
  check: boolean;
  needs: readonly string[];
  after: readonly string[];
  startedAt?: number;
  attempt: number;
  /** Set while the task waits for its next attempt. */
  retry?: { readonly at: number; readonly attempts: number; readonly problem?: Problem };
  /** Lines of the last attempt. */
  log: string[];
  /** How many lines were dropped from the front of `log`. */
  dropped: number;
  progress?: { readonly done: number; readonly total: number; readonly failed: number };
  readonly rate: Rate;
  readonly failedTenants: TenantEvent[];
  end?: TaskEnd;
}

// A task that prints without end must not fill the memory; the log file has all of it.
const keptLines = 5000;

/** The state of a run as its events tell it: what every reporter that writes for people reads. */
export class RunView {
  start?: RunStart;
  readonly tasks = new Map<string, TaskView>();
  readonly notices: Problem[] = [];

  /** Takes one event in; returns the task that it is about. */
  apply(event: RunEvent): TaskView | undefined {
    switch (event.type) {
      case 'run.start':
        this.start = event;
        for (const { name, use, check, needs, after } of event.tasks) {
          Object.assign(this.task(name), { use, check, needs, after });
        }
        return undefined;
      case 'notice':
        this.notices.push(event.problem);
        return undefined;
      case 'run.end':
        for (const end of event.tasks) this.task(end.name).end ??= end;
        return undefined;
      case 'task.end': {
        const task = this.task(event.name);
        task.end = event;
        delete task.retry;
        return task;
      }
      default:
        return this.applyToTask(event, this.task(event.task));
    }
  }

  /** All tasks' ends, in the order of the workflow. */
  ends(): TaskEnd[] {
    return [...this.tasks.values()].flatMap((task) => task.end ?? []);
  }

  private task(name: string): TaskView {
    let task = this.tasks.get(name);
    if (!task) {
      task = {
        name,
        use: name,
        check: false,
        needs: [],
        after: [],
        attempt: 0,
        log: [],
        dropped: 0,
        rate: new Rate(),
        failedTenants: [],
      };
      this.tasks.set(name, task);
    }
    return task;
  }

  private applyToTask(
    event: Exclude<RunEvent, { type: 'run.start' | 'run.end' | 'notice' | 'task.end' }>,
    task: TaskView,
  ): TaskView {
    switch (event.type) {
      case 'task.start':
        task.use = event.use;
        task.startedAt = event.at;
        break;
      case 'attempt.start':
        task.startedAt ??= event.at;
        task.attempt = event.attempt;
        task.log = [];
        task.dropped = 0;
        task.failedTenants.length = 0;
        delete task.retry;
        break;
      case 'attempt.fail':
        if (event.retryIn !== undefined) {
          const [problem] = event.problems;
          task.retry = {
            at: event.at + event.retryIn,
            attempts: event.attempts,
            ...(problem ? { problem } : {}),
          };
        }
        break;
      case 'task.log':
        task.log.push(event.line);
        if (task.log.length > keptLines * 2) {
          task.dropped += task.log.length - keptLines;
          task.log = task.log.slice(-keptLines);
        }
        break;
      case 'task.progress':
        task.progress = { done: event.done, total: event.total, failed: event.failed };
        task.rate.add(event.at, event.done);
        break;
      case 'tenant.end':
        if (event.status === 'failed') task.failedTenants.push(event);
        break;
    }
    return task;
  }
}
