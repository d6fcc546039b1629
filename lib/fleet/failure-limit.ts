/** How many tenants may fail before no more are begun: a number, or a share of those that are to be migrated. */
export type AbortAfter = { readonly failures: number } | { readonly percent: number };

/** Counts the tenants that failed, over all waves. */
export class FailureLimit {
  readonly #most: number;
  readonly #total: number;
  #failures = 0;

  constructor(abortAfter: AbortAfter | undefined, total: number) {
    this.#total = total;
    this.#most = mostOf(abortAfter, total);
  }

  note(): void {
    this.#failures++;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Why no more tenants are begun; undefined as long as they are. */
  get reached(): string | undefined {
    if (this.#failures < this.#most) return undefined;
    return `${String(this.#failures)} of ${String(this.#total)} tenants failed (abortAfter)`;
  }
}

function mostOf(abortAfter: AbortAfter | undefined, total: number): number {
  if (abortAfter === undefined) return Infinity;
  if ('failures' in abortAfter) return abortAfter.failures;
  return Math.max(1, Math.ceil((total * abortAfter.percent) / 100));
}
