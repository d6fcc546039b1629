import { readFileSync, statSync } from 'node:fs';

/** The text of a file that is looked into for hints; undefined where it cannot be read, and where reading could wait: in a pipe. */
export function fileText(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
