import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'prettier';
import { configSchema } from '../config/index.js';
import { packageRoot } from '../lib/errors/index.js';
import { builtinKinds } from '../tasks/index.js';

/** The text of schema.json as it should be. */
export function renderSchema(): Promise<string> {
  return format(JSON.stringify(configSchema(builtinKinds)), { parser: 'json', printWidth: 110 });
}

/** The shipped schema. */
export function shippedSchema(): string {
  return readFileSync(join(packageRoot(), 'schema.json'), 'utf8');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = renderSchema();
  void text.then((schema) => writeFileSync(join(packageRoot(), 'schema.json'), schema));
}
