import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { Place } from '../../errors/index.js';

/** A file of the repository that holds commands. */
export interface Source {
  /** From the root of the repository. */
  readonly file: string;
  readonly text: string;
}

/** The text of a file of the repository; undefined for what is none, too long for a script, or outside. */
export function readSource(path: string, root: string): Source | undefined {
  const file = relative(root, path);
  if (file.startsWith('..')) return undefined;
  try {
    if (statSync(path).size > 1 << 18) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.includes('\0') ? undefined : { file, text };
  } catch {
    // Made by an earlier step, or a folder.
    return undefined;
  }
}

/** Where parts of a file's text stand. */
export function placesIn({ file, text }: Source): (offset: number, length: number) => Place {
  const lines = text.split('\n');
  return (offset, length) => {
    const before = text.slice(0, offset).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    const source = lines[before.length - 1] ?? '';
    const rest = Math.max(1, source.length - column + 1);
    return { file, line: before.length, column, length: Math.min(length, rest), source };
  };
}
