import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

// What a fingerprint reads of folders and files; what cannot be read has a text that says so.

/** Names of folders in which nothing of a project is looked for. */
export const skipped = new Set([
  'node_modules',
  '__pycache__',
  '.git',
  '.db-bootstrap',
  'dist-packages',
  'site-packages',
]);

/** All Python files below a folder, but those of virtual environments and of what is not the project's. */
export function projectFiles(folder: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    let entries;
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch {
      return;
    }
    if (entries.some(({ name }) => name === 'pyvenv.cfg')) return;
    for (const entry of entries) {
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name) && !entry.name.startsWith('.')) visit(join(path, entry.name));
      } else if (entry.name.endsWith('.py')) found.push(join(path, entry.name));
    }
  };
  visit(folder);
  return found.sort();
}

/** The names in a folder, sorted. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return ['(missing)'];
  }
}

/** What a file holds. */
export function contentOf(path: string): Buffer | string {
  try {
    // A pipe that settings looked for would never end.
    return statSync(path).isFile() ? readFileSync(path) : '(no file)';
  } catch (error) {
    return `(${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`;
  }
}
