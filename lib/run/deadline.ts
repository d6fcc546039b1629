import type { TaskDefinition } from '../../config/workflow.js';
import { BootstrapError, type Note } from '../errors/index.js';
import { formatDuration } from '../text/index.js';

/** How long to wait for what was asked to end. */
export interface Patience {
  /** Between SIGTERM and SIGKILL of children, in milliseconds. */
  readonly grace: number;
  /** Aborted when there is no more patience. */
  readonly kill: AbortSignal;
}

/** The time of an attempt. */
export interface Clock {
  /** Waits for what is no part of the attempt: its time stands still meanwhile. */
  without<Result>(wait: Promise<Result>): Promise<Result>;
}

/** The run was interrupted while an attempt ran. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

// Beyond the grace: the SIGKILL, the last output, and a connection that is told to cancel.
const margin = 1000;
const killMargin = 300;
const killLimit = 1500;
// Beyond the grace of a run: its attempts come first, so that they can say what they left.
const lastMargin = margin + 500;

/**
 * Runs one attempt under its timeout. Rejects with DBB5003 when that passed and with `Cancelled` when the run was interrupted;
 * in both cases only after the attempt has come to its end, or is abandoned because it does not listen.
 */
export async function withinTimeout<Result>(
  task: TaskDefinition,
  options: { readonly cancel: AbortSignal; readonly patience: Patience },
  work: (signal: AbortSignal, clock: Clock) => Promise<Result>,
): Promise<Result> {
  const { cancel, patience } = options;
  const controller = new AbortController();
  const passed = new AbortController();
  const onCancel = (): void => controller.abort(cancel.reason);
  if (cancel.aborted) throw new Cancelled();
  cancel.addEventListener('abort', onCancel, { once: true });
  const countdown = startCountdown(task.timeout, () => {
    passed.abort();
    controller.abort(new Error('the timeout has passed'));
  });
  const abandoned = giveUp(controller.signal, patience);
  try {
    const result = await Promise.race([work(controller.signal, countdown), abandoned.promise]);
    if (result === abandonedMark) throw ended(task, cancel, true);
    if (passed.signal.aborted && !isAborted(cancel)) throw ended(task, cancel, false);
    return result;
  } catch (error) {
    if (error instanceof Cancelled || !(passed.signal.aborted || isAborted(cancel))) throw error;
    if (error instanceof BootstrapError && error.code === 'DBB5003') throw error;
    throw ended(task, cancel, false, error);
  } finally {
    countdown.stop();
    abandoned.stop();
    cancel.removeEventListener('abort', onCancel);
  }
}

function startCountdown(ms: number | undefined, end: () => void): Clock & { stop(): void } {
  if (ms === undefined) return { without: (wait) => wait, stop: () => undefined };
  let left = ms;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const start = (): void => {
    since = performance.now();
    if (!over) timer = setTimeout(end, left);
  };
  const pause = (): void => {
    clearTimeout(timer);
    left = Math.max(0, left - (performance.now() - since));
  };
  start();
  return {
    without: (wait) => {
      pause();
      return wait.finally(start);
    },
    stop: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}

function ended(
  task: TaskDefinition,
  cancel: AbortSignal,
  abandoned: boolean,
  cause?: unknown,
): Cancelled | BootstrapError {
  if (cancel.aborted) return new Cancelled('', { cause });
  const last = cause instanceof BootstrapError && cause.code !== 'DBB5020' ? cause.message : undefined;
  const notes = [
    ...(last === undefined ? [] : [{ label: 'last', text: last }]),
    // How far it had come.
    ...(cause instanceof BootstrapError ? (cause.problems[0].notes ?? []).filter(isOfWhatIsLeft) : []),
    ...(abandoned
      ? [
          {
            label: 'note',
            text: 'it did not end when it was asked to, so it was left alone and is not tried again',
          },
        ]
      : []),
  ];
  return new BootstrapError(
    {
      code: 'DBB5003',
      message: `task "${task.name}" took longer than its timeout of ${formatDuration(task.timeout ?? 0)}`,
      ...(notes.length > 0 ? { notes } : {}),
      help: `find out what it waited for, or give it more time: "tasks.${task.name}.timeout"`,
      ...(cause instanceof BootstrapError && cause.problems[0].output !== undefined
        ? { output: cause.problems[0].output }
        : {}),
      facts: { timeout: task.timeout, ...(abandoned ? { abandoned } : {}) },
    },
    { cause },
  );
}

/** Whether a note says what an attempt that was broken off has left undone. */
export function isOfWhatIsLeft({ label }: Note): boolean {
  return label === 'not done';
}

/** Asked in a function, because the compiler would remember the answer of before the work. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

const abandonedMark = Symbol('abandoned');

/** Resolves some time after a signal, for work that does not listen to it. */
function giveUp(
  signal: AbortSignal,
  { grace, kill }: Patience,
): { readonly promise: Promise<typeof abandonedMark>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const promise = new Promise<typeof abandonedMark>((resolve) => {
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => resolve(abandonedMark), ms);
    };
    const onAbort = (): void => wait(kill.aborted ? killMargin : grace + margin);
    const onKill = (): void => wait(killMargin);
    signal.addEventListener('abort', onAbort, { once: true });
    kill.addEventListener('abort', onKill, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      kill.removeEventListener('abort', onKill);
    };
  });
  return { promise, stop: () => stop() };
}

/** Resolves when a run that was cancelled has to be over: attempts have ended or are left alone, and what is not written stays unwritten. */
export async function outOfPatience(cancel: AbortSignal, { grace, kill }: Patience): Promise<void> {
  const late = aborted(cancel).then(() => pause(grace + lastMargin));
  await Promise.race([late, aborted(kill).then(() => pause(killLimit))]);
}

/** A time that keeps no process from ending. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

/** Resolves when a signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
