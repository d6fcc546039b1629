import type { Json, TaskLedger } from '../../config/define.js';
import { isUnfinished } from './ledger/index.js';

/** A ledger that a plan may read, and not write. */
export function readOnly(ledger: TaskLedger): TaskLedger {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('a plan writes nothing, the ledger included'));
  return {
    get: (key) => ledger.get(key),
    entries: () => ledger.entries(),
    set: refuse,
    delete: refuse,
  };
}

/** A ledger as it will be once a destructive task before this one has worked. The keys of what it will have forgotten, as far as it is asked, come into `hidden`. */
export function forgetful(ledger: TaskLedger, hidden: Set<string>): TaskLedger {
  const isLeft = (key: string, value: Json): boolean => {
    if (!isUnfinished(value)) hidden.add(key);
    return !hidden.has(key);
  };
  return {
    ...ledger,
    get: async (key) => {
      const value = await ledger.get(key);
      return value === undefined || isLeft(key, value) ? value : undefined;
    },
    entries: async () => new Map([...(await ledger.entries())].filter(([key, value]) => isLeft(key, value))),
  };
}
