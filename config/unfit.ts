import type { Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';
import { nameFault, nameProblem, textFault, visible, type Named } from './names.js';
import { formatPath, type Path } from './source.js';

/** Names that nothing can have, and texts that no program and no database can take, anywhere in a config. */
export function unfitProblems(value: Json, locate: Locate, path: Path = []): Problem[] {
  if (typeof value === 'string') return textProblems(value, locate, path);
  if (Array.isArray(value))
    return (value as Json[]).flatMap((item, index) => unfitProblems(item, locate, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...keyProblems(key, locate, [...path, key]),
    ...unfitProblems(item, locate, [...path, key]),
  ]);
}

function textProblems(text: string, locate: Locate, path: Path): Problem[] {
  const fault = textFault(text);
  if (fault === undefined) return [];
  return [
    {
      code: 'DBB2004',
      message: `${visible(formatPath(path))} holds ${fault}`,
      place: locate(path, 'value'),
      help: 'take it out',
    },
  ];
}

function keyProblems(key: string, locate: Locate, path: Path): Problem[] {
  const named = namedBy(path);
  const fault = named === undefined ? keyFault(key) : nameFault(key, named);
  if (fault === undefined) return [];
  return [nameProblem(key, named, fault, locate(path, 'key'))];
}

/** What the key at a path is the name of; undefined for keys that others have named, such as options and fields. */
function namedBy(path: Path): Named | undefined {
  const [first, , ...inner] = path;
  if (first === 'profiles') return inner.length === 0 ? 'profile' : namedBy(inner);
  if (path.length === 2 && first === 'tasks') return 'task';
  if (path.length === 2 && first === 'env') return 'variable';
  return path.length === 4 && first === 'tasks' && path[2] === 'env' ? 'variable' : undefined;
}

function keyFault(key: string): string | undefined {
  // Validators of mappings pass over it, and so what stands there would count for nothing.
  if (key === '__proto__') return nameFault(key, 'task');
  const fault = textFault(key);
  return fault === undefined ? undefined : `it holds ${fault}`;
}
