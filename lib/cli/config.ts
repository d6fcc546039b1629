import { stringify } from 'yaml';
import { configSchema, explainConfig, explanationOf, maskedConfig } from '../../config/index.js';
import { print } from './io.js';
import { load } from './load.js';
import type { ConfigOptions } from './options.js';

/** `db-bootstrap config`: the config as it resolves, passwords masked. */
export async function configCommand(
  options: ConfigOptions & { readonly explain?: boolean; readonly json?: boolean; readonly schema?: boolean },
): Promise<number> {
  const { io, workflow, kinds } = await load(options);
  if (options.schema === true) print(io.stdout, JSON.stringify(configSchema(kinds), null, 2));
  else if (options.explain === true && options.json === true)
    print(io.stdout, JSON.stringify(explanationOf(workflow), null, 2));
  else if (options.explain === true) print(io.stdout, explainConfig(workflow).trimEnd());
  else if (options.json === true) print(io.stdout, JSON.stringify(maskedConfig(workflow), null, 2));
  else print(io.stdout, stringify(maskedConfig(workflow)).trimEnd());
  return 0;
}
