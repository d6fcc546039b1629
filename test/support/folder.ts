import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A temporary folder with files (path → content), for tests that start the real command in it. */
export function makeFolder(files: Readonly<Record<string, string | Buffer>> = {}): {
  readonly folder: string;
  write(path: string, content: string | Buffer): void;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'dbb-folder-'));
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
