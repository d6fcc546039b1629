import { join } from 'node:path';
import { redactor, type Problem } from '../errors/index.js';
import { stateDirectoryOf } from './context.js';
import type { RunEventBody } from './events.js';
import { cleanProblem } from './failure.js';
import type { RunOptions } from './services.js';
import { TaskLog } from './task-log.js';
import { unwritable } from './unwritable.js';

/** All that a run says: its events, notices and the logs of its tasks, without secrets, and nothing after the last word. */
export class Voice {
  readonly #options: Pick<RunOptions, 'workflow' | 'runId' | 'emit'>;
  readonly #redact: (text: string) => string;
  #complained = false;
  #over = false;

  constructor(options: Pick<RunOptions, 'workflow' | 'runId' | 'emit'>) {
    this.#options = options;
    this.#redact = redactor(options.workflow.secrets);
  }

  emit(event: RunEventBody): void {
    if (this.#over) return;
    this.#options.emit(event.type === 'task.log' ? event : this.clean(event));
  }

  notice(problem: Problem): void {
    this.emit({ type: 'notice', problem });
  }

  /** The last event: whatever was left alone says nothing any more. */
  end(event: RunEventBody): void {
    this.emit(event);
    this.#over = true;
  }

  /** The log of one task; that logs cannot be written is told once. */
  logOf(task: string): TaskLog {
    const { workflow, runId } = this.#options;
    return new TaskLog({
      task,
      folder: join(stateDirectoryOf(workflow), 'logs', runId),
      emit: (event) => this.emit(event),
      redact: this.#redact,
      unwritable: (path, error) => {
        if (!this.#complained) this.notice(unwritable(path, error, 'the logs of tasks are not kept'));
        this.#complained = true;
      },
    });
  }

  /** The same without secrets. */
  clean<Value>(value: Value): Value {
    return cleanProblem(value as Value & Problem, this.#redact);
  }
}
