import type { GraphEdge, GraphNode } from './node.js';

/** Every arrow of the graph once, by the declaration of its head; where a task both needs and follows another, it needs it. Unknown names have no arrow. */
export function edgesOf(nodes: readonly GraphNode[]): readonly GraphEdge[] {
  const names = new Set(nodes.map((node) => node.name));
  return nodes.flatMap((node) => {
    const needs = new Set(node.needs.filter((name) => names.has(name)));
    const after = new Set(node.after.filter((name) => names.has(name) && !needs.has(name)));
    return [
      ...[...needs].map((from): GraphEdge => ({ from, to: node.name, type: 'needs' })),
      ...[...after].map((from): GraphEdge => ({ from, to: node.name, type: 'after' })),
    ];
  });
}

/** The arrows that a drawing needs: without those of order alone that a longer path says as well. */
export function drawnEdges(nodes: readonly GraphNode[]): readonly GraphEdge[] {
  const edges = edgesOf(nodes);
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const behind = new Map<string, Set<string>>();
  for (const { name } of [...topologicalOrder(nodes)].reverse()) {
    const names = next.get(name) ?? [];
    behind.set(name, new Set(names.flatMap((each) => [each, ...(behind.get(each) ?? [])])));
  }
  return edges.filter(
    ({ from, to, type }) =>
      type === 'needs' || !next.get(from)?.some((name) => behind.get(name)?.has(to) === true),
  );
}

/** The nodes so that each stands after all it needs and follows; otherwise as they were declared. The graph must have no cycle. */
export function topologicalOrder<Node extends GraphNode>(nodes: readonly Node[]): readonly Node[] {
  const open = new Map(nodes.map((node) => [node.name, 0]));
  const next = new Map<string, string[]>();
  for (const { from, to } of edgesOf(nodes)) {
    open.set(to, (open.get(to) ?? 0) + 1);
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const left = new Set(nodes);
  const ordered: Node[] = [];
  while (left.size > 0) {
    const first = [...left].find((node) => open.get(node.name) === 0);
    if (!first) throw new Error('a graph with a cycle has no order');
    left.delete(first);
    ordered.push(first);
    for (const name of next.get(first.name) ?? []) open.set(name, (open.get(name) ?? 0) - 1);
  }
  return ordered;
}

/** The names of all nodes that a path of arrows leads to from a node, over needs and after, whether enabled or not. */
export function downstreamOf(nodes: readonly GraphNode[], name: string): ReadonlySet<string> {
  const edges = edgesOf(nodes);
  const found = new Set<string>();
  const left = [name];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    for (const { from, to } of edges) {
      if (from !== at || found.has(to)) continue;
      found.add(to);
      left.push(to);
    }
  }
  return found;
}

/** The chain of tasks that decides how long the whole takes, and its length in milliseconds. */
export function criticalPath(
  nodes: readonly GraphNode[],
  ms: (name: string) => number,
): { readonly path: readonly string[]; readonly ms: number } {
  const longest = new Map<string, { path: readonly string[]; ms: number }>();
  const edges = edgesOf(nodes);
  let best: { path: readonly string[]; ms: number } = { path: [], ms: 0 };
  for (const { name } of topologicalOrder(nodes)) {
    let before: { path: readonly string[]; ms: number } = { path: [], ms: 0 };
    for (const edge of edges) {
      const candidate = edge.to === name ? longest.get(edge.from) : undefined;
      if (candidate && (candidate.ms > before.ms || before.path.length === 0)) before = candidate;
    }
    const own = { path: [...before.path, name], ms: before.ms + ms(name) };
    longest.set(name, own);
    if (own.ms > best.ms || best.path.length === 0) best = own;
  }
  return best;
}
