// Long enough to be steady, short enough to notice that the work became slower.
const windowMs = 10_000;

/** How fast a count grows, over the last ten seconds. */
export class Rate {
  private readonly samples: { at: number; done: number }[] = [];

  /** Notes that `done` units were done at a time. */
  add(at: number, done: number): void {
    const last = this.samples.at(-1);
    // An attempt that starts again counts from zero.
    if (last && done < last.done) this.samples.length = 0;
    this.samples.push({ at, done });
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) > windowMs) this.samples.shift();
    // Thousands of units a second need no sample each.
    const [a, b, c] = this.samples.slice(-3);
    if (a && b && c && c.at - a.at < 50) this.samples.splice(-2, 1);
  }

  /** Units a second, or undefined where too little is known. */
  perSecond(): number | undefined {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.at - first.at < 200 || last.done <= first.done) return undefined;
    return ((last.done - first.done) * 1000) / (last.at - first.at);
  }
}
