import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../errors/index.js';

/** Our version, as package.json says. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Prints the version. */
export function versionCommand(): Promise<number> {
  process.stdout.write(`${version()}\n`);
  return Promise.resolve(0);
}
