import type { Problem } from '../lib/errors/index.js';
import { valueAt } from './coerce.js';
import type { TaskKind } from './define.js';
import { unknownKeyProblem } from './issues.js';
import type { Merged } from './merge.js';
import { keysAt } from './schema-keys.js';
import { commonTaskFields, configShape, optionNames } from './schema.js';
import type { Path, Source } from './source.js';
import { kindName } from './tasks.js';

/**
 * What is wrong with keys that have no value. One of a layer below goes away by it; where there is none, the key may be misspelled,
 * and a task of which nothing is said may be meant to exist or not to: flush is not guessed.
 */
export function idleProblems(merged: Merged, kinds: ReadonlyMap<string, TaskKind>): Problem[] {
  return merged.idle.flatMap(({ path, source }) => idleProblem(path, source, merged, kinds) ?? []);
}

function idleProblem(
  path: Path,
  source: Source,
  { data }: Merged,
  kinds: ReadonlyMap<string, TaskKind>,
): Problem | undefined {
  const [first, second] = path;
  if (first === 'profiles') return undefined;
  if (first === 'tasks' && path.length === 2) {
    return {
      code: 'DBB2004',
      message: `task "${String(second)}" is empty, and no layer below has such a task to take away`,
      place: source.place(path, 'key'),
      help: 'write {} for a task without options, or take the line out',
    };
  }
  const around = path.slice(0, -1);
  const key = String(path.at(-1));
  const keys = first === 'tasks' ? taskKeys(around, data, kinds) : keysAt(configShape, around);
  if (keys.length === 0 || keys.includes(key)) return undefined;
  return unknownKeyProblem(around, key, keys, (at, part) => source.place(at, part));
}

function taskKeys(
  [, name = '', ...rest]: Path,
  data: Merged['data'],
  kinds: ReadonlyMap<string, TaskKind>,
): readonly string[] {
  if (rest.length > 0) return [];
  const use = valueAt(data, ['tasks', name, 'use']);
  const kind = kinds.get(kindName(typeof use === 'string' ? use : String(name)));
  return kind ? [...Object.keys(commonTaskFields), ...optionNames(kind)] : [];
}
