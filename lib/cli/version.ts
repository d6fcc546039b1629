import { packageVersion } from '../errors/index.js';
import { output } from './output.js';

/** Prints the version. */
export function versionCommand(): Promise<number> {
  output.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
}
