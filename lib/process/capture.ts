/** Keeps the head and the tail of a text, and says between them how much is missing. Sizes are characters. */
export class Capture {
  #head = '';
  #tail = '';
  #cut = 0;
  readonly #half: number;

  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  add(text: string): void {
    const room = this.#half - this.#head.length;
    this.#head += text.slice(0, Math.max(0, room));
    this.#tail += text.slice(Math.max(0, room));
    // Cutting only at twice the size keeps many small additions cheap.
    if (this.#tail.length > this.#half * 2) this.#trim();
  }

  text(): string {
    if (this.#tail.length > this.#half) this.#trim();
    if (this.#cut === 0) return this.#head + this.#tail;
    return `${this.#head}\n… ${this.#cut} characters are left out here …\n${this.#tail}`;
  }

  #trim(): void {
    const surplus = this.#tail.length - this.#half;
    this.#cut += surplus;
    this.#tail = this.#tail.slice(surplus);
  }
}
