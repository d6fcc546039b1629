import { join } from 'node:path';
import { parse } from 'dotenv';
import type { Json } from './define.js';
import { readTextFile } from './text-file.js';

/** Whether a variable stands in the .env beside the config, which the config does not name: only then would it be read. */
export function unreadVariables(root: string, envFile: Json | undefined): (variable: string) => boolean {
  if (envFile !== undefined) return () => false;
  let names: ReadonlySet<string> | undefined;
  return (variable) => (names ??= namesIn(join(root, '.env'))).has(variable);
}

function namesIn(file: string): ReadonlySet<string> {
  try {
    return new Set(Object.keys(parse(readTextFile(file))));
  } catch {
    // Nobody said that there is one.
    return new Set();
  }
}
