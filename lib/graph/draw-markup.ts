import type { GraphEdge, GraphNode } from './node.js';
import { drawnEdges, edgesOf } from './order.js';

/** The graph as mermaid draws it on GitHub. Dotted arrows are order only, dashed boxes are disabled tasks. */
export function drawMermaid(nodes: readonly GraphNode[]): string {
  const ids = idsOf(nodes);
  const lines = nodes.map((node) => {
    const disabled = node.enabled ? '' : ':::disabled';
    return `  ${ids.get(node.name) ?? ''}["${mermaidText(node.name)}"]${disabled}`;
  });
  const arrows = drawnEdges(nodes).map(
    ({ from, to, type }) =>
      `  ${ids.get(from) ?? ''} ${type === 'needs' ? '-->' : '-.->'} ${ids.get(to) ?? ''}`,
  );
  const style = nodes.every((node) => node.enabled)
    ? []
    : ['  classDef disabled stroke-dasharray: 5 5,color:#888'];
  return ['flowchart LR', ...lines, ...arrows, ...style].join('\n');
}

/** The graph in the language of Graphviz. Dashed arrows are order only, dashed boxes are disabled tasks. */
export function drawDot(nodes: readonly GraphNode[]): string {
  const ids = idsOf(nodes);
  const boxes = nodes.map((node) => {
    const style = node.enabled ? '' : ', style=dashed';
    return `  ${ids.get(node.name) ?? ''} [label="${dotText(node.name)}"${style}];`;
  });
  const arrows = drawnEdges(nodes).map(
    ({ from, to, type }) =>
      `  ${ids.get(from) ?? ''} -> ${ids.get(to) ?? ''}${type === 'needs' ? '' : ' [style=dashed]'};`,
  );
  return ['digraph workflow {', '  rankdir=LR;', '  node [shape=box];', ...boxes, ...arrows, '}'].join('\n');
}

/** The graph as data: what `graph --format json` prints. */
export function toJson(nodes: readonly GraphNode[]): {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
} {
  return {
    nodes: nodes.map(({ name, use, needs, after, enabled }) => ({ name, use, needs, after, enabled })),
    edges: edgesOf(nodes),
  };
}

// Names may hold anything, and both languages have reserved words: the ids are ours.
function idsOf(nodes: readonly GraphNode[]): ReadonlyMap<string, string> {
  return new Map(nodes.map((node, index) => [node.name, `t${index}`]));
}

function mermaidText(name: string): string {
  return name.replace(/[^\p{L}\p{N} _.,:@/+-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`);
}

function dotText(name: string): string {
  return name
    .replace(/[\\"]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/[\u0000-\u001f]/g, ' ');
}
