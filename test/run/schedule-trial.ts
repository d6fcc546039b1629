import assert from 'node:assert/strict';
import type { FailurePolicy } from '../../config/workflow.js';
import { schedule, type Ending, type ScheduleNode, type ScheduleOutcome } from '../../lib/run/schedule.js';

/** A run whose tasks end when, and how, the test says. */
export class Trial {
  readonly started: string[] = [];
  readonly running = new Set<string>();
  readonly endings = new Map<string, Ending>();
  readonly cancel = new AbortController();
  readonly halt = new AbortController();
  readonly nodes: readonly ScheduleNode[];
  readonly result: Promise<ReadonlyMap<string, Ending>>;
  most = 0;
  readonly #open = new Map<string, (outcome: ScheduleOutcome) => void>();
  /** Called with a task's name at the moment when it starts. */
  onStart: (name: string) => void = () => undefined;

  constructor(
    nodes: readonly ScheduleNode[],
    options: {
      concurrency?: number;
      policy?: FailurePolicy;
      onStart?: (name: string, trial: Trial) => void;
    } = {},
  ) {
    this.nodes = nodes;
    this.onStart = (name) => options.onStart?.(name, this);
    this.result = schedule({
      nodes,
      concurrency: options.concurrency ?? 4,
      policy: options.policy ?? 'continue',
      cancel: this.cancel.signal,
      halt: this.halt.signal,
      execute: (name) => {
        this.onStart(name);
        this.started.push(name);
        this.running.add(name);
        this.most = Math.max(this.most, this.running.size);
        return new Promise<ScheduleOutcome>((resolve) => this.#open.set(name, resolve));
      },
      settle: (name, ending, outcome) => {
        assert.ok(!this.endings.has(name), `${name} ended twice`);
        assert.equal(
          outcome !== undefined,
          this.running.delete(name),
          `${name} has an outcome exactly if it ran`,
        );
        this.endings.set(name, ending);
        return Promise.resolve();
      },
    });
  }

  /** Ends a running task, and lets everything that follows from it happen. */
  async end(name: string, status: ScheduleOutcome['status'] = 'succeeded'): Promise<void> {
    this.#open.get(name)!({ status });
    await settled();
  }

  statuses(): Record<string, string> {
    return Object.fromEntries([...this.endings].map(([name, ending]) => [name, ending.status]));
  }
}

/** Lets everything that follows from what just happened happen. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What must hold, said as simply as possible: with sets and recursion, and none of the scheduler's own bookkeeping. */
export class Model {
  readonly #byName: ReadonlyMap<string, ScheduleNode>;
  readonly #policy: FailurePolicy;

  constructor(nodes: readonly ScheduleNode[], policy: FailurePolicy) {
    this.#byName = new Map(nodes.map((each) => [each.name, each]));
    this.#policy = policy;
  }

  /** The enabled tasks that a task needs, with disabled ones passed through. */
  needs(name: string): string[] {
    return this.#get(name).needs.flatMap((need) => (this.#get(need).enabled ? [need] : this.needs(need)));
  }

  mayStart(name: string, { endings, cancel, halt }: Trial): void {
    assert.ok(
      !cancel.signal.aborted && !halt.signal.aborted,
      `${name} started in a run that was interrupted`,
    );
    assert.ok(!this.#stopper(endings, name), `${name} started after a failure that stops the run`);
    for (const need of this.needs(name)) {
      assert.ok(
        isGood(endings.get(need)),
        `${name} started although ${need} is ${endings.get(need)?.status ?? 'open'}`,
      );
    }
    for (const other of this.#get(name).after) {
      if (this.#get(other).enabled)
        assert.ok(endings.has(other), `${name} started before the end of ${other}`);
    }
  }

  /** While a slot is free and nothing stops the run, no task that could start is waiting. */
  workConserving(trial: Trial, concurrency: number, stopped: boolean): void {
    if (stopped || trial.running.size >= concurrency) return;
    for (const [name, each] of this.#byName) {
      if (!each.enabled || trial.started.includes(name) || trial.endings.has(name)) continue;
      if (this.#stopper(trial.endings, name)) continue;
      const ready =
        this.needs(name).every((need) => isGood(trial.endings.get(need))) &&
        each.after.every((other) => !this.#get(other).enabled || trial.endings.has(other));
      assert.ok(!ready, `${name} waits while a slot is free`);
    }
  }

  /** Each ending has its cause: blocked by a failure above, cancelled by what stopped the run, and otherwise it ran. */
  explains(trial: Trial, endings: ReadonlyMap<string, Ending>): void {
    const interrupted = trial.cancel.signal.aborted || trial.halt.signal.aborted;
    for (const [name, { enabled }] of this.#byName) {
      const stopped = interrupted || this.#stopped(endings, name);
      const { status, blockedBy } = endings.get(name)!;
      const roots = this.#failuresAbove(name, endings);
      if (!enabled) assert.equal(status, 'skipped');
      else if (trial.started.includes(name)) assert.notEqual(status, 'blocked');
      else if (roots.length > 0 && status === 'blocked')
        assert.ok(roots.includes(blockedBy!), `${name} is blocked by ${blockedBy!}`);
      else {
        assert.equal(status, 'cancelled', name);
        assert.ok(stopped, `${name} is cancelled, but nothing stopped the run`);
      }
      if (enabled && roots.length === 0) assert.notEqual(status, 'blocked');
      if (enabled && roots.length === 0 && !stopped)
        assert.ok(trial.started.includes(name), `${name} should have run`);
    }
  }

  #failuresAbove(name: string, endings: ReadonlyMap<string, Ending>): string[] {
    return this.needs(name).flatMap((need) =>
      endings.get(need)?.status === 'failed' ? [need] : this.#failuresAbove(need, endings),
    );
  }

  /** Whether a failure stops a task: any, but for checks that of a check. */
  #stopper(endings: ReadonlyMap<string, Ending>, task: string): boolean {
    return [...endings].some(
      ([name, { status }]) =>
        status === 'failed' &&
        (this.#get(name).onFailure ?? this.#policy) === 'stop' &&
        !(this.#get(name).check && this.#get(task).check),
    );
  }

  #stopped(endings: ReadonlyMap<string, Ending>, task: string): boolean {
    return this.#stopper(endings, task) || this.needs(task).some((need) => this.#stopped(endings, need));
  }

  #get(name: string): ScheduleNode {
    return this.#byName.get(name)!;
  }
}

function isGood(ending: Ending | undefined): boolean {
  return ['succeeded', 'up-to-date', 'skipped', 'warned'].includes(ending?.status ?? '');
}
