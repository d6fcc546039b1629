import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A file or folder below a root, relative, with forward slashes. */
export interface Found {
  readonly path: string;
  readonly name: string;
  readonly folder: boolean;
}

const skipped = new Set([
  'node_modules',
  'venv',
  'env',
  'dist',
  'build',
  'target',
  'vendor',
  'site-packages',
  '__pycache__',
]);

/** All files and folders at most `depth` folders below the root, nearest first; no hidden folders, no dependencies. */
export function walk(root: string, depth: number): Found[] {
  const found: Found[] = [];
  let level = [''];
  for (let at = 0; at <= depth; at++) {
    const next: string[] = [];
    for (const folder of level) {
      for (const entry of entriesOf(join(root, folder))) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        found.push({ path, name: entry.name, folder: entry.isDirectory() });
        if (entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name)) next.push(path);
      }
    }
    level = next;
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
