import type { Json } from './define.js';
import { impliedValues } from './implied.js';
import { masker } from './masked.js';
import { isObject } from './merge.js';
import { topLevelKeys } from './schema.js';
import { formatPath, type Path } from './source.js';
import type { Origin, Workflow } from './workflow.js';

/** Where origins start, so that a usual line fits into 80 columns; a longer value has its origin below. */
const column = 50;

/** Each value of the merged config with where it came from, and the defaults of what nothing sets; secrets masked. */
export function explainConfig(workflow: Workflow): string {
  const mask = masker(workflow.secrets);
  const lines = valuesOf(workflow, 'listed').flatMap(({ path, value, origin }) => {
    const left = `${formatPath(path)} = ${JSON.stringify(mask(value, String(path.at(-1))))}`;
    const right = `  # ${placed(origin)}`;
    return left.length <= column ? [left.padEnd(column) + right] : [left, ' '.repeat(column) + right];
  });
  return lines.join('\n');
}

/** A value that holds, and where it came from. */
export interface Explained {
  readonly path: Path;
  readonly value: Json;
  readonly origin: Origin;
}

/**
 * Each value that holds, in the order of the docs: what layers say, and what holds where they say nothing. A list of objects is taken
 * apart (`listed`), so that each of its lines has a place, or is one value (`whole`), as layers replace it.
 */
export function valuesOf(workflow: Workflow, lists: 'listed' | 'whole'): readonly Explained[] {
  const values: Explained[] = [];
  const visit = (value: Json, path: Path): void => {
    const entries: readonly (readonly [string | number, Json])[] = isObject(value)
      ? Object.entries(value)
      : lists === 'listed' && Array.isArray(value) && value.some(isObject)
        ? [...(value as Json[]).entries()]
        : [];
    if (entries.length === 0) values.push({ path, value, origin: originOf(workflow, path) });
    for (const [key, item] of entries) visit(item, [...path, key]);
  };
  const implied = impliedValues(workflow);
  const given = isObject(workflow.raw) ? workflow.raw : {};
  for (const key of topLevelKeys) {
    const said = given[key];
    if (said !== undefined) visit(said, [key]);
    for (const { path, value, layer } of implied)
      if (path[0] === key && (said === undefined || (path.length > 1 && !has(said, path[1]))))
        values.push({ path, value, origin: { layer } });
  }
  return values;
}

function has(value: Json, key: string | number | undefined): boolean {
  return isObject(value) && key !== undefined && Object.hasOwn(value, key);
}

function originOf({ origins }: Workflow, path: Path): Origin {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(formatPath(path.slice(0, length)));
    if (origin) return origin;
  }
  return { layer: 'default' };
}

function placed({ layer, place }: Origin): string {
  if (place?.line === undefined) return layer;
  return layer === place.file
    ? `${layer}:${String(place.line)}`
    : `${layer} (${place.file}:${String(place.line)})`;
}
