import { redactor } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import { topLevelKeys } from './schema.js';
import { holdsSecret } from './secrets.js';
import { formatPath, type Path } from './source.js';
import type { Workflow } from './workflow.js';

/** Where origins start, so that a usual line fits into 80 columns; a longer value has its origin below. */
const column = 50;

/** Each value of the merged config with where it came from, and the defaults of what nothing sets; secrets masked. */
export function explainConfig(workflow: Workflow): string {
  const redact = redactor(workflow.secrets);
  const lines: string[] = [];
  const print = (path: Path, value: Json, origin: string): void => {
    const hidden = typeof value === 'string' && holdsSecret(String(path.at(-1)));
    const left = `${formatPath(path)} = ${hidden ? '"***"' : redact(JSON.stringify(value))}`;
    if (left.length <= column) lines.push(`${left.padEnd(column)}  # ${origin}`);
    else lines.push(left, `${' '.repeat(column)}  # ${origin}`);
  };
  const visit = (value: Json, path: Path): void => {
    const entries: readonly (readonly [string | number, Json])[] = isObject(value)
      ? Object.entries(value)
      : Array.isArray(value) && value.some(isObject)
        ? [...(value as Json[]).entries()]
        : [];
    if (entries.length === 0) print(path, value, originOf(workflow, path));
    for (const [key, item] of entries) visit(item, [...path, key]);
  };
  const defaults = defaultsOf(workflow);
  const given = isObject(workflow.raw) ? workflow.raw : {};
  for (const key of topLevelKeys) {
    const value = given[key];
    if (value !== undefined) visit(value, [key]);
    for (const [path, preset, origin] of defaults)
      if (path[0] === key && (value === undefined || (path.length > 1 && !has(value, path[1]))))
        print(path, preset, origin);
  }
  return lines.join('\n');
}

/** The merged config, itself one: keys in the order of the docs, secrets masked. */
export function maskedConfig(workflow: Workflow): Json {
  const redact = redactor(workflow.secrets);
  const visit = (value: Json, name = ''): Json => {
    if (typeof value === 'string') return holdsSecret(name) ? '***' : redact(value);
    if (Array.isArray(value)) return (value as Json[]).map((item) => visit(item));
    return isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, key)]))
      : value;
  };
  const given = isObject(workflow.raw) ? workflow.raw : {};
  return Object.fromEntries(
    topLevelKeys.flatMap((key) => (given[key] === undefined ? [] : [[key, visit(given[key])]])),
  );
}

function has(value: Json, key: string | number | undefined): boolean {
  return isObject(value) && key !== undefined && Object.hasOwn(value, key);
}

function originOf({ origins }: Workflow, path: Path): string {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(formatPath(path.slice(0, length)));
    if (!origin) continue;
    const { place, layer } = origin;
    if (place?.line === undefined) return layer;
    return layer === place.file
      ? `${layer}:${String(place.line)}`
      : `${layer} (${place.file}:${String(place.line)})`;
  }
  return 'default';
}

/** What holds where nothing is said. */
function defaultsOf(workflow: Workflow): readonly (readonly [Path, Json, string])[] {
  const { concurrency, onFailure, grace, database, env, ledger, guards } = workflow;
  return [
    database.kind !== 'url'
      ? [['database'], database.kind, 'default']
      : database.url === env.DATABASE_URL
        ? [['database'], database.url, 'DATABASE_URL']
        : [['database'], 'from PG* variables', 'environment'],
    [['concurrency'], concurrency, 'default'],
    [['grace'], `${String(grace / 1000)}s`, 'default'],
    [['onFailure'], onFailure, 'default'],
    [['ledger'], ledger.kind === 'database' ? { schema: ledger.schema } : ledger.kind, 'default'],
    [['guards', 'allowDestructive'], guards.allowDestructive, 'default'],
  ];
}
