import { setMaxListeners } from 'node:events';
import type { Problem } from '../errors/index.js';

/** Ctrl-C and its like, as abort signals. */
export interface Signals {
  /** Aborted by the first signal; the reason is its name. */
  readonly interrupt: AbortSignal;
  /** Aborted by the second. */
  readonly kill: AbortSignal;
  /** Aborts `interrupt` with `timeoutReason` after this number of milliseconds. For commands other than `run`, which has its own timer. */
  limit(ms: number | undefined): void;
  release(): void;
}

const caught = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const timeoutReason = 'the timeout';

/** The problem of a command that a signal or the timeout ended early; `what` is the subject of its message, such as "the plan". */
export function brokenOff(
  { reason }: AbortSignal,
  what: string,
): Problem & { readonly code: 'DBB5016' | 'DBB5020' } {
  if (reason === timeoutReason)
    return {
      code: 'DBB5016',
      message: `${what} took longer than the timeout`,
      help: 'give it more time with "timeout" in the config, or see whether the server answers',
    };
  return { code: 'DBB5020', message: `${what} was interrupted`, facts: { signal: String(reason) } };
}

/** From now on the first signal asks for a graceful end, and the second for one at once. */
export function catchSignals(): Signals {
  const interrupt = new AbortController();
  const kill = new AbortController();
  // Every task that runs listens to them; there may be many.
  setMaxListeners(0, interrupt.signal, kill.signal);
  const listen = (name: NodeJS.Signals): void => {
    // A terminal that hangs up ends a run as SIGTERM does.
    if (interrupt.signal.aborted) kill.abort(name);
    else interrupt.abort(name === 'SIGHUP' ? 'SIGTERM' : name);
  };
  for (const name of caught) process.on(name, listen);
  let timer: NodeJS.Timeout | undefined;
  return {
    interrupt: interrupt.signal,
    kill: kill.signal,
    limit: (ms) => {
      if (ms !== undefined) timer = setTimeout(() => interrupt.abort(timeoutReason), ms).unref();
    },
    release: () => {
      clearTimeout(timer);
      for (const name of caught) process.removeListener(name, listen);
    },
  };
}
