import { valueAt } from './coerce.js';
import type { Json } from './define.js';
import { valuesOf, type Explained } from './explain.js';
import { masker } from './masked.js';
import { isObject } from './merge.js';
import { secretsOf } from './secrets.js';
import { formatPath, type Path, type Source } from './source.js';
import type { Origin, Workflow } from './workflow.js';

/** A value with where it stands, as machines read it: a line and a column only in a file that has some. */
interface Placed {
  readonly key: string;
  readonly path: Path;
  readonly value: Json;
  readonly origin: {
    readonly layer: string;
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
  };
}

/** What `config --explain` tells, as a document: each value with what it overrode, the strongest first. Secrets are masked. */
export interface Explanation {
  readonly values: readonly (Placed & { readonly overrode: readonly Placed[] })[];
}

/** Each value of the merged config, the defaults, and (as null) each key that a layer has taken away. */
export function explanationOf(workflow: Workflow): Explanation {
  const { layers, env, database } = workflow;
  // What was overridden is as secret as what holds.
  const secrets = layers.flatMap(({ data }) => secretsOf(data, env, database));
  const mask = masker([...workflow.secrets, ...secrets]);
  const placed = ({ path, value, origin: { layer, place } }: Explained): Placed => ({
    key: formatPath(path),
    path,
    value: mask(value, String(path.at(-1))),
    origin:
      place?.line === undefined
        ? { layer }
        : { layer, file: place.file, line: place.line, column: place.column ?? 1 },
  });
  const values = [...valuesOf(workflow, 'whole'), ...removedFrom(workflow)];
  return {
    values: values.map((each) => ({ ...placed(each), overrode: overriddenBy(each, layers).map(placed) })),
  };
}

/** What weaker layers say in the place of a value: at its path, or above it where an object has replaced something else. */
function overriddenBy({ path, origin }: Explained, layers: readonly Source[]): readonly Explained[] {
  const weaker = layers.slice(0, Math.max(0, holderOf(path, origin, layers)));
  return weaker.toReversed().flatMap((layer) => {
    const said = saidAt(layer.data, path);
    return said ? [{ ...said, origin: originIn(layer, said.path) }] : [];
  });
}

/** Which layer a value comes from: the strongest of that name which says anything there. */
function holderOf(path: Path, { layer }: Origin, layers: readonly Source[]): number {
  return layers.findLastIndex(({ label, data }) => label === layer && saidAt(data, path) !== undefined);
}

function saidAt(data: Json, path: Path): { readonly path: Path; readonly value: Json } | undefined {
  for (let length = 1; length <= path.length; length++) {
    const here = path.slice(0, length);
    const value = valueAt(data, here);
    if (value === undefined) return undefined;
    if (length === path.length || !isObject(value)) return { path: here, value };
  }
  return undefined;
}

/** The keys that hold nothing because a layer says null, and none above it says more. */
function removedFrom({ raw, layers }: Workflow): readonly Explained[] {
  const removed = new Map<string, Explained>();
  const visit = (value: Json, path: Path, layer: Source): void => {
    if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key], layer);
    else if (value === null && isObject(valueAt(raw, path.slice(0, -1))) && valueAt(raw, path) === undefined)
      removed.set(JSON.stringify(path), { path, value, origin: originIn(layer, path) });
  };
  for (const layer of layers) visit(layer.data, [], layer);
  return [...removed.values()];
}

function originIn(layer: Source, path: Path): Origin {
  return { layer: layer.label, place: layer.place(path, 'key') };
}
