import { setMaxListeners } from 'node:events';

/** Ctrl-C and its like, as abort signals. */
export interface Signals {
  /** Aborted by the first signal; the reason is its name. */
  readonly interrupt: AbortSignal;
  /** Aborted by the second. */
  readonly kill: AbortSignal;
  release(): void;
}

const caught = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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
  return {
    interrupt: interrupt.signal,
    kill: kill.signal,
    release: () => {
      for (const name of caught) process.removeListener(name, listen);
    },
  };
}
