import { isAbsolute, resolve } from 'node:path';
import { statSync } from 'node:fs';
import { BootstrapError } from '../errors/index.js';
import { processIo, type Io } from './io.js';
import type { ConfigOptions, RunOptions } from './options.js';
import type { Workflow } from '../../config/workflow.js';
import type { TaskKind } from '../../config/define.js';
import { unreadableReason } from '../../config/text-file.js';

/** A config that was read, with the process it was read for. */
export interface Loaded {
  readonly io: Io;
  readonly workflow: Workflow;
  readonly kinds: ReadonlyMap<string, TaskKind>;
}

/** The process as the options see it: `--cwd`, `--color` and `--no-color` applied. */
export function openIo(options: Pick<ConfigOptions, 'cwd' | 'color'>, report?: NodeJS.WriteStream): Io {
  const cwd =
    options.cwd !== undefined && isAbsolute(options.cwd)
      ? options.cwd
      : resolve(ownFolder(), options.cwd ?? '');
  const fault = folderFault(cwd, options.cwd);
  if (fault !== undefined) {
    throw new BootstrapError({
      code: 'DBB1007',
      message: fault,
      place: { file: '--cwd' },
      help: 'name the folder that holds the config',
    });
  }
  return processIo({ cwd, color: options.color }, report);
}

/** Why nobody can work in a folder; undefined where one can. */
function folderFault(cwd: string, given = cwd): string | undefined {
  // An empty variable of a script; the working directory may be that of another project.
  if (given === '') return '--cwd names no folder';
  try {
    if (statSync(cwd).isDirectory()) return undefined;
    return `"${given}" is not a folder`;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? `the folder "${given}" does not exist`
      : `nobody can work in the folder "${given}": ${unreadableReason(error)}`;
  }
}

/** The folder that the command was started in, which may be gone. */
function ownFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new BootstrapError(
      {
        code: 'DBB1007',
        message: 'the working directory does not exist any more',
        help: 'change to a folder that exists, or name one with --cwd',
      },
      { cause: error },
    );
  }
}

/** Reads the config that the options choose; throws every mistake in it at once. `report` is where the output goes. */
export async function load(options: RunOptions, report?: NodeJS.WriteStream): Promise<Loaded> {
  const io = openIo(options, report);
  const [{ loadWorkflow }, { builtinKinds }] = await Promise.all([
    import('../../config/index.js'),
    import('../../tasks/index.js'),
  ]);
  const { workflow, kinds } = await loadWorkflow({
    cwd: io.cwd,
    env: io.env,
    builtinKinds,
    ...defined({ file: options.config, profile: options.profile, set: options.set }),
    flags: defined({
      concurrency: options.concurrency,
      timeout: options.timeout,
      onFailure: options.onFailure,
      reporter: options.reporter,
    }),
    select: defined({ only: options.only, skip: options.skip, from: options.from }),
  });
  return { io, workflow, kinds };
}

/** The entries of a record that have a value. */
export function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
