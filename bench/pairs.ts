import { spawnSync } from 'node:child_process';

/** A command to time as a whole process. */
export interface Timed {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs before each timing and is not timed. */
  readonly before?: () => Promise<void> | void;
}

/** Milliseconds of each counted run, in order. */
export interface Timings {
  readonly name: string;
  readonly ms: readonly number[];
}

/** Times commands in turn (A B C A B C …), so that a machine whose speed drifts is the same for all. One round is not counted. */
export async function timeInTurn(commands: readonly Timed[], rounds: number): Promise<Timings[]> {
  const ms = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, each] of commands.entries()) {
      await each.before?.();
      const started = process.hrtime.bigint();
      const ended = spawnSync(each.command, each.args, {
        cwd: each.cwd,
        env: each.env ?? process.env,
        encoding: 'utf8',
      });
      const took = Number(process.hrtime.bigint() - started) / 1e6;
      if (ended.status !== 0) {
        throw new Error(
          `${each.name} ended with ${ended.status ?? ended.signal ?? 'an error'}:\n${ended.stdout}${ended.stderr}`,
        );
      }
      if (round >= 0) ms[index]?.push(took);
    }
  }
  return commands.map(({ name }, index) => ({ name, ms: ms[index] ?? [] }));
}

/** The middle value (the mean of the two middle ones for an even count). */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Prints medians, spreads, and the ratio of each row to the row it is compared with. */
export function printTable(title: string, rows: readonly Timings[], against: Timings): void {
  process.stdout.write(`\n${title}\n`);
  for (const { name, ms } of rows) {
    const spread = `${Math.min(...ms).toFixed(0)}–${Math.max(...ms).toFixed(0)}`;
    const ratio = median(ms.map((value, index) => value / (against.ms[index] ?? NaN)));
    process.stdout.write(
      `  ${name.padEnd(34)} ${median(ms).toFixed(0).padStart(7)} ms  (${spread})  × ${ratio.toFixed(2)}\n`,
    );
  }
}
