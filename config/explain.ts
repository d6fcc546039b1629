import { redactor } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import { formatPath, type Path } from './source.js';
import type { Workflow } from './workflow.js';

/** Each value of the merged config with where it came from: one line a value, secrets masked. */
export function explainConfig(workflow: Workflow): string {
  const redact = redactor(workflow.secrets);
  const rows: { readonly left: string; readonly origin: string }[] = [];
  const visit = (value: Json, path: Path): void => {
    if (isObject(value) && Object.keys(value).length > 0) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    } else
      rows.push({
        left: `${formatPath(path)} = ${redact(JSON.stringify(value))}`,
        origin: originOf(workflow, path),
      });
  };
  visit(workflow.raw, []);
  rows.push(...defaultsOf(workflow));
  const width = Math.min(60, Math.max(...rows.map(({ left }) => left.length)));
  return rows.map(({ left, origin }) => `${left.padEnd(width)}  # ${origin}`).join('\n');
}

/** The merged config, secrets masked. */
export function maskedConfig(workflow: Workflow): Json {
  const redact = redactor(workflow.secrets);
  const visit = (value: Json): Json => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return (value as Json[]).map(visit);
    return isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]))
      : value;
  };
  return visit(workflow.raw);
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

function defaultsOf({
  raw,
  concurrency,
  onFailure,
  grace,
  database,
}: Workflow): { left: string; origin: string }[] {
  const given = isObject(raw) ? raw : {};
  const where = database.kind === 'url' ? 'DATABASE_URL or PG* of the environment' : 'default';
  const values: readonly [string, Json, string][] = [
    ['database', database.kind === 'url' ? 'from the environment' : database.kind, where],
    ['concurrency', concurrency, 'default'],
    ['onFailure', onFailure, 'default'],
    ['grace', grace, 'default'],
  ];
  return values
    .filter(([key]) => !(key in given))
    .map(([key, value, origin]) => ({ left: `${key} = ${JSON.stringify(value)}`, origin }));
}
