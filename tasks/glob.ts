import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Folders that no pattern looks into, unless it names them: dependencies, version control, our own files. */
const neverSearched = new Set(['node_modules', '.git', '.venv', '__pycache__', '.db-bootstrap']);

/**
 * The files under `root` that match at least one of the patterns and none of those that begin with "!":
 * relative (or absolute, where the pattern is), with forward slashes, sorted by code unit, each once. Symbolic links to files, and to nothing, count as files;
 * links to folders are not followed, and pipes and sockets are no files.
 *
 * In a pattern `*` stands for any characters but "/", `?` for one, `**` for any number of folders, `[abc]` for one of a set, and
 * `{a,b}` for either. What stands there literally is found as well (`[id].tsx`). A name that begins with a dot matches only a pattern part that does so too. `dir` alone matches every file below it.
 */
export async function findFiles(root: string, patterns: readonly string[]): Promise<string[]> {
  const refused = patterns
    .filter((pattern) => pattern.startsWith('!'))
    .flatMap((each) => compile(each.slice(1)));
  const found = new Set<string>();
  for (const [base, wanted] of groupByBase(patterns.filter((pattern) => !pattern.startsWith('!')))) {
    await walk(resolve(root, base), [], wanted.flatMap(compile), (path) => {
      if (!refused.some((pattern) => matches(pattern, path))) found.add(base + path.join('/'));
    });
  }
  return [...found].sort();
}

/** Patterns by the folder where their search begins: "" for the root, "../" and its like above it, "/" for absolute ones. */
function groupByBase(patterns: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const pattern of patterns) {
    const base = /^(?:(?:\.\/)*(?:\.\.\/)+|\/)/.exec(pattern)?.[0] ?? '';
    groups.set(base, [...(groups.get(base) ?? []), pattern.slice(base.length)]);
  }
  return groups;
}

/** Whether a pattern is a plain path: one file, or a folder, and nothing to search for. */
export function isPlainPath(pattern: string): boolean {
  return !/[*?[{]/.test(pattern) && !pattern.startsWith('!');
}

/** One part of a path: "**", or what a single name must look like. */
type Part = '**' | { readonly text: string; readonly name: RegExp };
type Pattern = readonly Part[];

async function walk(
  root: string,
  folder: readonly string[],
  patterns: readonly Pattern[],
  found: (path: readonly string[]) => void,
): Promise<void> {
  const entries = await readdir(join(root, ...folder), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const entry of entries) {
    const path = [...folder, entry.name];
    if (entry.isDirectory()) {
      const inside = patterns.filter((pattern) => mayHold(pattern, path));
      if (inside.length > 0) await walk(root, path, inside, found);
    } else if (
      patterns.some((pattern) => matches(pattern, path)) &&
      (await isFile(entry, join(root, ...path)))
    ) {
      found(path);
    }
  }
}

/** A link to nothing is one, too: whoever reads it says better what is wrong. */
async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(path).then(
    (target) => target.isFile(),
    () => true,
  );
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES';
}

function compile(pattern: string): Pattern[] {
  return expandBraces(pattern).map((each) => {
    const parts = each.split('/').filter((part) => part !== '' && part !== '.');
    return parts.map((part): Part => (part === '**' ? '**' : { text: part, name: nameExpression(part) }));
  });
}

function expandBraces(pattern: string): string[] {
  const group = /\{([^{}]*)\}/.exec(pattern);
  if (!group) return [pattern];
  const before = pattern.slice(0, group.index);
  const after = pattern.slice(group.index + group[0].length);
  return (group[1] ?? '').split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}

function nameExpression(part: string): RegExp {
  const body = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (piece) => {
    if (piece === '*') return '[^/]*';
    if (piece === '?') return '[^/]';
    if (piece.length > 1) return setExpression(piece);
    return piece.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  // Wildcards do not see hidden names, as in a shell.
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${body}$`, 'u');
}

/** A set as a regular expression; one that nothing can be in ("[z-a]") matches nothing. */
function setExpression(set: string): string {
  const expression = set
    .replace(/[\\[]/g, '\\$&')
    .replace(/^\\\[!?/, (head) => (head.endsWith('!') ? '[^' : '['));
  try {
    new RegExp(expression, 'u');
    return expression;
  } catch {
    return '(?!)';
  }
}

function isNamed(part: Exclude<Part, '**'>, name: string): boolean {
  return part.text === name || part.name.test(name);
}

/** Whether a file matches; a pattern that ends at one of its folders matches all below, hidden names excepted. */
function matches(pattern: Pattern, path: readonly string[]): boolean {
  const [part, ...rest] = pattern;
  const [name, ...below] = path;
  if (part === undefined) return path.every((each) => !each.startsWith('.'));
  if (part === '**') {
    if (rest.length === 0) return path.length > 0 && path.every((each) => !each.startsWith('.'));
    if (matches(rest, path)) return true;
    return name !== undefined && !name.startsWith('.') && matches(pattern, below);
  }
  return name !== undefined && isNamed(part, name) && matches(rest, below);
}

/** Whether files that match may lie in a folder. */
function mayHold(pattern: Pattern, folder: readonly string[]): boolean {
  const last = folder[folder.length - 1] ?? '';
  const named = pattern.some((part) => part !== '**' && part.text === last);
  if (neverSearched.has(last) && !named) return false;
  return leadsInto(pattern, folder);
}

function leadsInto(pattern: Pattern, folder: readonly string[]): boolean {
  const [part, ...rest] = pattern;
  const [name, ...below] = folder;
  if (name === undefined) return true;
  if (part === undefined) return !name.startsWith('.') && leadsInto(pattern, below);
  if (part === '**') return leadsInto(rest, folder) || (!name.startsWith('.') && leadsInto(pattern, below));
  return isNamed(part, name) && leadsInto(rest, below);
}

/** Whether a relative path matches one of the patterns. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.flatMap(compile).some((pattern) => matches(pattern, path.split('/')));
}
