import type { GraphNode } from './node.js';
import { nearest } from '../text/index.js';

/** One thing that is wrong with a graph. A cycle's path names every task that needs the next one; its last is its first. */
export type GraphFault =
  | {
      readonly type: 'unknown-need';
      readonly task: string;
      readonly need: string;
      readonly via: 'needs' | 'after';
      readonly nearest?: string;
    }
  | { readonly type: 'self-need'; readonly task: string; readonly via: 'needs' | 'after' }
  | { readonly type: 'cycle'; readonly path: readonly string[] };

/** All faults of a graph at once: unknown names and self-needs in the order of declaration, then one cycle per knot. */
export function validateGraph(nodes: readonly GraphNode[]): readonly GraphFault[] {
  const names = new Set(nodes.map((node) => node.name));
  const faults: GraphFault[] = [];
  for (const node of nodes) {
    for (const via of ['needs', 'after'] as const) {
      for (const need of new Set(node[via])) {
        if (need === node.name) {
          faults.push({ type: 'self-need', task: node.name, via });
        } else if (!names.has(need)) {
          const near = nearest(
            need,
            [...names].filter((name) => name !== node.name),
          );
          faults.push({
            type: 'unknown-need',
            task: node.name,
            need,
            via,
            ...(near === undefined ? {} : { nearest: near }),
          });
        }
      }
    }
  }
  return [...faults, ...cycles(nodes, names)];
}

/** Finds one shortest cycle through each knot of tasks, removing what is no part of any cycle first. */
function cycles(nodes: readonly GraphNode[], names: ReadonlySet<string>): GraphFault[] {
  const before = new Map(
    nodes.map((node) => [
      node.name,
      [...new Set([...node.needs, ...node.after])].filter((name) => name !== node.name && names.has(name)),
    ]),
  );
  const found: GraphFault[] = [];
  const seen = new Set<string>();
  for (const { name } of nodes) {
    if (seen.has(name)) continue;
    const path = shortestCycle(name, before);
    if (!path) continue;
    found.push({ type: 'cycle', path });
    // The rest of this knot would only repeat the same mistake in other words.
    for (const other of knotOf(name, before)) seen.add(other);
  }
  return found;
}

function shortestCycle(
  start: string,
  before: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const current of queue) {
    for (const next of before.get(current) ?? []) {
      if (next === start) {
        const path = [start];
        for (let step = current; step !== start; step = cameFrom.get(step) ?? start) path.unshift(step);
        return [start, ...path];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, current);
      queue.push(next);
    }
  }
  return undefined;
}

/** The tasks that stand before a task and behind it at once. */
function knotOf(start: string, before: ReadonlyMap<string, readonly string[]>): string[] {
  const behind = new Map<string, string[]>();
  for (const [name, others] of before) {
    for (const other of others) behind.set(other, [...(behind.get(other) ?? []), name]);
  }
  const down = reach(start, before);
  const up = reach(start, behind);
  return [...down].filter((name) => up.has(name));
}

function reach(start: string, edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set([start]);
  for (const name of reached) for (const next of edges.get(name) ?? []) reached.add(next);
  return reached;
}
