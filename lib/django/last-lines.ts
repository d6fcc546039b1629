/** Keeps the last lines of a stream, for the one who has to say how it ended. */
export class LastLines {
  readonly #count: number;
  #lines: string[] = [];
  #rest = '';

  constructor(count: number) {
    this.#count = count;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-10_000);
    this.#lines = [...this.#lines, ...lines].slice(-this.#count);
  }

  text(): string {
    return [...this.#lines, this.#rest].filter((line) => line.trim() !== '').join('\n');
  }
}
