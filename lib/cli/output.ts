import { Console } from 'node:console';

/** Standard output: the answer of the command, which machines read. Nobody but the command writes there. */
export const output = process.stdout;

/**
 * From now on what others write to standard output goes to standard error: a config, a plugin, and what these import, by `console` or by
 * `process.stdout`. A child of theirs that inherits the file descriptor is out of our reach.
 */
export function divertOthers(): void {
  Object.assign(console, new Console(process.stderr));
  // Rows on the terminal are as wide as it is, wherever standard error goes.
  const others = Object.create(process.stderr, { columns: { get: () => output.columns } }) as typeof output;
  Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => others });
}
