import { redactor } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import { topLevelKeys } from './schema.js';
import { holdsSecret } from './secrets.js';
import type { Workflow } from './workflow.js';

/** A function that hides the secrets in a value, which stands under a key of this name. */
export function masker(secrets: Iterable<string>): (value: Json, name?: string) => Json {
  const redact = redactor(secrets);
  const mask = (value: Json, name = ''): Json => {
    if (Array.isArray(value)) return (value as Json[]).map((item) => mask(item));
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item, key)]));
    // YAML reads a key of digits as a number.
    if (holdsSecret(name) && (typeof value === 'string' || typeof value === 'number')) return '***';
    return typeof value === 'string' ? redact(value) : value;
  };
  return mask;
}

/** The merged config, itself one: keys in the order of the docs, secrets masked. */
export function maskedConfig(workflow: Workflow): Json {
  const mask = masker(workflow.secrets);
  const given = isObject(workflow.raw) ? workflow.raw : {};
  return Object.fromEntries(
    topLevelKeys.flatMap((key) => (given[key] === undefined ? [] : [[key, mask(given[key])]])),
  );
}
