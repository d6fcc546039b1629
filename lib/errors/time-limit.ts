/**
 * A signal that aborts after `ms` milliseconds. Node 20 may collect the signal of AbortSignal.timeout as garbage while only AbortSignal.any
 * refers to it, and then neither of them aborts.
 */
export function timeLimit(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('the time limit is over', 'TimeoutError')), ms).unref();
  return controller.signal;
}
