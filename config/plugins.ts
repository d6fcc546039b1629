import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { asError, type Place, type Problem } from '../lib/errors/index.js';
import type { Json, TaskKind } from './define.js';
import { importScript } from './import-script.js';

/** The built-in kinds and those of the plugins; problems with plugins are pushed. */
export async function loadKinds(options: {
  readonly plugins: Json | undefined;
  readonly builtinKinds: ReadonlyMap<string, TaskKind>;
  readonly folder: string;
  /** Milliseconds that each of them may take to load. */
  readonly patience: number;
  readonly place: (index: number) => Place;
  readonly problems: Problem[];
}): Promise<ReadonlyMap<string, TaskKind>> {
  const { plugins, builtinKinds, folder, patience, place, problems } = options;
  const kinds = new Map(builtinKinds);
  for (const [index, name] of (Array.isArray(plugins) ? (plugins as Json[]) : []).entries()) {
    if (typeof name !== 'string') continue;
    const failed = (message: string, help: string): void => {
      problems.push({
        code: 'DBB2013',
        message: `the plugin "${name}" could not be loaded: ${message}`,
        place: place(index),
        help,
      });
    };
    const path = locate(name, folder);
    if (path === undefined) {
      failed(
        'there is no such file or package',
        'install the package, or name a file relative to this config',
      );
      continue;
    }
    let module: unknown;
    try {
      module = (await importScript(path, patience)).value;
    } catch (error) {
      failed(asError(error).message.split('\n')[0] ?? '', 'correct the module');
      continue;
    }
    const found = kindsOf(module);
    if (found.length === 0)
      failed(
        'it exports no task kind',
        'export the result of defineTask, with its options made by "z" of db-bootstrap',
      );
    for (const kind of found) {
      if (kinds.has(kind.kind)) {
        const other = builtinKinds.has(kind.kind) ? 'a built-in kind' : 'another plugin';
        problems.push({
          code: 'DBB2020',
          message: `the plugin "${name}" brings the kind "${kind.kind}", which ${other} brings too`,
          place: place(index),
          help: 'give it another name',
        });
      } else kinds.set(kind.kind, kind);
    }
  }
  return kinds;
}

function locate(name: string, folder: string): string | undefined {
  if (/^(?:\.{1,2})?\//.test(name) || existsSync(resolve(folder, name))) {
    const path = resolve(folder, name);
    return existsSync(path) ? path : undefined;
  }
  try {
    return createRequire(join(folder, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}

/** A module may export one kind, several by name, or a list. */
function kindsOf(module: unknown): TaskKind[] {
  if (isKind(module)) return [module];
  if (module === null || typeof module !== 'object') return [];
  const values: unknown[] = Object.values(module);
  return [...new Set(values.flat().filter(isKind))];
}

function isKind(value: unknown): value is TaskKind {
  return (
    value !== null &&
    typeof value === 'object' &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    'run' in value &&
    typeof value.run === 'function' &&
    'options' in value &&
    value.options !== null &&
    typeof value.options === 'object' &&
    '_zod' in value.options
  );
}
