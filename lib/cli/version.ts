import { packageVersion } from '../errors/package-root.js';
import { output } from './output.js';

/** Prints the version. */
export function versionCommand(): Promise<number> {
  output.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
}
