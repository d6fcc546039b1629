import { packageVersion } from '../errors/index.js';

/** Prints the version. */
export function versionCommand(): Promise<number> {
  process.stdout.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
}
