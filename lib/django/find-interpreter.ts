import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { BootstrapError, fileText } from '../errors/index.js';

/** Where an interpreter is looked for. */
export interface InterpreterOptions {
  /** As configured: a path from the root, or a command of the PATH. */
  readonly python?: string | undefined;
  /** Absolute path of the folder that holds manage.py. */
  readonly directory: string;
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An interpreter, and what led to it: ".venv", "VIRTUAL_ENV", "poetry". */
export interface Interpreter {
  readonly path: string;
  readonly from: string;
}

/** Finds the project's Python. No process is started to verify it: the host itself tells soon enough. Throws DBB6001. */
export async function findInterpreter(options: InterpreterOptions): Promise<Interpreter> {
  const { python, directory, root, env } = options;
  const tried: string[] = [];
  const look = (path: string | undefined, from: string): Interpreter | undefined => {
    if (path !== undefined && isExecutable(path)) return { path, from };
    tried.push(path === undefined ? from : `${from} (${path})`);
    return undefined;
  };
  if (python !== undefined) {
    const path = python.includes('/') || isAbsolute(python) ? resolve(root, python) : inPath(python, env);
    const found = look(path, 'django.python');
    if (found) return found;
    throw new BootstrapError({
      code: 'DBB6001',
      message: `the interpreter "${python}" that "django.python" names does not exist or is not executable`,
      help: 'correct "django.python", or remove it: virtual environments are found by themselves',
    });
  }
  const folders = [...new Set([directory, root])];
  const environments = folders.flatMap((folder) => ['.venv', 'venv'].map((name) => join(folder, name)));
  if (env.VIRTUAL_ENV) {
    const found = look(join(env.VIRTUAL_ENV, 'bin/python'), 'VIRTUAL_ENV');
    if (found) return found;
  }
  for (const environment of environments) {
    const found = look(join(environment, 'bin/python'), environment);
    if (found) return found;
  }
  for (const manager of managers) {
    const folder = folders.find((candidate) => manager.manages(candidate));
    if (folder === undefined) continue;
    const found = look(await manager.find(folder, env), manager.name);
    if (found) return found;
  }
  for (const command of ['python3', 'python']) {
    const found = look(inPath(command, env), command);
    if (found) return found;
  }
  throw new BootstrapError({
    code: 'DBB6001',
    message: 'no Python interpreter was found',
    notes: tried.map((text) => ({ label: 'tried', text })),
    help: 'make a virtual environment in ".venv", or set "django.python" in the config',
  });
}

/** A tool that keeps environments at places of its own. */
interface Manager {
  readonly name: string;
  manages(folder: string): boolean;
  find(folder: string, env: Readonly<Record<string, string>>): Promise<string | undefined>;
}

const managers: readonly Manager[] = [
  {
    name: 'poetry',
    manages: (folder) => existsSync(join(folder, 'poetry.lock')) || mentions(folder, '[tool.poetry]'),
    find: async (folder, env) => pythonIn(await ask('poetry', ['env', 'info', '-p'], folder, env)),
  },
  {
    name: 'uv',
    manages: (folder) => existsSync(join(folder, 'uv.lock')) || mentions(folder, '[tool.uv]'),
    find: (folder, env) => ask('uv', ['python', 'find'], folder, env),
  },
  {
    name: 'pipenv',
    manages: (folder) => existsSync(join(folder, 'Pipfile')),
    find: async (folder, env) => pythonIn(await ask('pipenv', ['--venv'], folder, env)),
  },
];

function mentions(folder: string, text: string): boolean {
  return fileText(join(folder, 'pyproject.toml'))?.includes(text) ?? false;
}

function pythonIn(folder: string | undefined): string | undefined {
  return folder === undefined ? undefined : join(folder, 'bin/python');
}

/** The last line that a tool prints, or undefined where it is not there or knows none. */
function ask(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const program = inPath(command, env);
  if (program === undefined) return Promise.resolve(undefined);
  return new Promise((done) => {
    execFile(program, args, { cwd, env, timeout: 20_000 }, (error, stdout) => {
      done(error ? undefined : stdout.trim().split('\n').at(-1) || undefined);
    });
  });
}

function inPath(command: string, env: Readonly<Record<string, string>>): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
