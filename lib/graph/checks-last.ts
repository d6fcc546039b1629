import type { GraphNode } from './node.js';
import { downstreamOf } from './order.js';

/**
 * The nodes with each check after every enabled task that is no check, because a check judges what all of them leave. A check that
 * such a task comes after stays where it was asked for: it is a gate.
 */
export function checksLast<Node extends GraphNode>(
  nodes: readonly Node[],
  isCheck: (node: Node) => boolean,
): { readonly nodes: readonly Node[]; readonly gates: readonly { check: Node; before: string }[] } {
  const changing = nodes.filter((node) => node.enabled && !isCheck(node)).map(({ name }) => name);
  const gates: { check: Node; before: string }[] = [];
  const others: Node[] = [];
  const last: Node[] = [];
  for (const node of nodes) {
    const behind = isCheck(node) ? downstreamOf(nodes, node.name) : undefined;
    const before = changing.find((name) => behind?.has(name));
    if (behind && before === undefined)
      last.push({ ...node, after: [...new Set([...node.after, ...changing])] });
    else others.push(node);
    if (before !== undefined) gates.push({ check: node, before });
  }
  return { nodes: [...others, ...last], gates };
}
