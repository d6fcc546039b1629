import { closeSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TaskLogger } from '../../config/define.js';
import { makeFolder, openStateFile } from '../process/index.js';
import type { RunEventBody } from './events.js';

type Stream = 'info' | 'warn' | 'stdout' | 'stderr';

/** Where a task's lines go. */
export interface TaskLogOptions {
  readonly task: string;
  /** The folder of this run's logs; made when the first line comes. Absent: lines are only told. */
  readonly folder?: string;
  emit(event: RunEventBody): void;
  redact(text: string): string;
  /** Told once where the file cannot be written; the lines are told all the same. */
  unwritable(path: string, error: unknown): void;
}

// A line without end (a progress bar, a binary) is told in pieces of this size.
const longest = 1 << 16;

/** The log of one task over all its attempts: splits output into lines, masks secrets, tells each line and writes the whole to a file. */
export class TaskLog implements TaskLogger {
  readonly #options: TaskLogOptions;
  readonly #partial = { stdout: '', stderr: '' };
  #file: number | undefined;
  #path: string | undefined;
  #broken = false;
  #closed = false;

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  /** The file's path, once there is one. */
  get path(): string | undefined {
    return this.#path;
  }

  info(text: string): void {
    this.#lines('info', text.split('\n'));
  }

  warn(text: string): void {
    this.#lines('warn', text.split('\n'));
  }

  output(stream: 'stdout' | 'stderr', text: string): void {
    const lines = (this.#partial[stream] + text).split('\n');
    const rest = lines.pop() ?? '';
    this.#partial[stream] = rest.length > longest ? '' : rest;
    if (rest.length > longest) lines.push(rest);
    this.#lines(stream, lines);
  }

  progress(done: number, total: number, failed: number): void {
    if (this.#closed) return;
    this.#options.emit({ type: 'task.progress', task: this.#options.task, done, total, failed });
  }

  /** Tells what stands without a line end: at the end of a child, and of an attempt. */
  flush(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#partial[stream];
      this.#partial[stream] = '';
      if (rest !== '') this.#lines(stream, [rest]);
    }
  }

  /** After this nothing is told any more: a task that has ended is silent. */
  close(): void {
    this.flush();
    this.#closed = true;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #lines(stream: Stream, lines: readonly string[]): void {
    if (this.#closed) return;
    const clean = lines.map((line) => this.#options.redact(line.endsWith('\r') ? line.slice(0, -1) : line));
    if (clean.length > 0) this.#write(clean.join('\n') + '\n');
    for (const line of clean)
      this.#options.emit({ type: 'task.log', task: this.#options.task, stream, line });
  }

  // Synchronous, so that the lines before a crash of the command are on the disk.
  #write(text: string): void {
    const { folder, task } = this.#options;
    if (folder === undefined || this.#broken) return;
    const path = join(folder, `${fileName(task)}.log`);
    try {
      if (this.#file === undefined) {
        makeFolder(folder);
        this.#file = openStateFile(path, 'append');
      }
      writeSync(this.#file, text);
      this.#path = path;
    } catch (error) {
      this.#broken = true;
      this.#options.unwritable(path, error);
    }
  }
}

/** A task's name as a file name: plain characters stay, all others are percent-encoded, a long name ends in its digest. */
export function fileName(task: string): string {
  const safe = task.replace(/[^A-Za-z0-9_-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  if (safe.length <= 150) return safe;
  return `${safe.slice(0, 120)}-${createHash('sha256').update(task).digest('hex').slice(0, 16)}`;
}
