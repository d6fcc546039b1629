import { readFileSync, readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { dirname, join } from 'node:path';

// What a fingerprint reads of folders and files; what cannot be read has a text that says so.

/** Names of folders that contain no code of the project. */
const skipped = new Set(['node_modules', '__pycache__', 'dist-packages', 'site-packages']);

/** Files, other than Python's, that settings commonly read: `.env`, `pyproject.toml`, `uv.lock`. */
export const settingsLike =
  /^\.env|\.(?:env|toml|ya?ml|json|ini|cfg|conf|properties|lock|txt)$|^(?:Pipfile|VERSION)$/;

/** Code that Python imports. Compiled files count if they are outside `__pycache__`. */
const code = /\.(?:py|pyc|so)$/;

/** The maximum number of files: a digest of more would delay each run too much. */
const limit = 20_000;

/** Files by absolute path, sorted. */
export interface Found {
  readonly python: readonly string[];
  /** Settings-like files in the folder, directly below it, and beside Python files. */
  readonly data: readonly string[];
  /** False if the folder has more files than the limit. */
  readonly complete: boolean;
}

/** All Python files below a folder, but those of virtual environments and hidden folders, and the settings-like files among them. */
export function filesBelow(folder: string): Found {
  const python: string[] = [];
  const data: string[] = [];
  const followed = new Set<string>();
  let visited = 0;
  const visit = (path: string, depth: number): void => {
    if (++visited > limit || python.length > limit) return;
    const entries = entriesOf(path);
    if (entries.some(({ name }) => name === 'pyvenv.cfg')) return;
    const files = entries.filter((entry) => !isFolder(path, entry)).map(({ name }) => name);
    const own = files.filter((name) => code.test(name));
    python.push(...own.map((name) => join(path, name)));
    if (depth < 2 || own.length > 0)
      data.push(...files.filter((name) => settingsLike.test(name)).map((name) => join(path, name)));
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith('.') || skipped.has(name) || !isFolder(path, entry)) continue;
      // A link may lead to a folder that contains the link.
      if (entry.isSymbolicLink()) {
        const real = realpathSync(join(path, name));
        if (followed.has(real) || `${realpathSync(path)}/`.startsWith(`${real}/`)) continue;
        followed.add(real);
      }
      visit(join(path, name), depth + 1);
    }
  };
  visit(folder, 0);
  return { python, data, complete: visited <= limit && python.length <= limit };
}

/** A folder, and all folders above it. */
export function withParents(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...withParents(parent)];
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

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isFolder(path: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(path, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
}
