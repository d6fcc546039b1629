import type { Writable } from 'node:stream';

const guarded = new WeakSet<Writable>();

/** Writes text to a stream; a reader that went away ("… | head") ends the output, not the run. */
export class Writer {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly stream: Writable) {
    if (!guarded.has(stream)) {
      guarded.add(stream);
      stream.on('error', (error: NodeJS.ErrnoException) => {
        // Any other failure is told by whoever listens as well; the command does.
        if (error.code !== 'EPIPE' && stream.listenerCount('error') === 1) throw error;
      });
    }
  }

  /** Writes the text as it is. */
  write(text: string): void {
    if (text === '' || this.stream.destroyed) return;
    this.last = new Promise((resolve) => {
      this.stream.write(text, () => {
        resolve();
      });
    });
  }

  /** Writes a line. */
  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Resolves when all that was written has left the process. */
  flush(): Promise<void> {
    return this.last;
  }
}
