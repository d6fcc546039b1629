import { EarlyExit } from '../errors/early-exit.js';

/** Who ends what is at work, after an error that nobody caught. */
type Told = (error: unknown) => void;

let told: Told | undefined;

/**
 * Does work that comes to its end by itself after an error that nobody caught, and says how it ended: such an error aborts the signal,
 * with itself as the reason, and the process goes on.
 */
export async function outlivingFaults<Result>(
  work: (fault: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const fault = new AbortController();
  // Of many the first is told: the others are mostly the same, or follow from it.
  const tell: Told = (error) => fault.abort(error);
  told = tell;
  const exit = process.exit.bind(process);
  process.exit = () => {
    const error = new EarlyExit();
    tell(error);
    // Whoever called it does not expect to go on.
    throw error;
  };
  try {
    return await work(fault.signal);
  } finally {
    told = undefined;
    process.exit = exit;
  }
}

/** Tells an error that nobody caught to who is at work and ends by itself after it; false where nobody is. */
export function tellFault(error: unknown): boolean {
  told?.(error);
  return told !== undefined;
}
