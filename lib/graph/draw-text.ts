import type { GraphNode } from './node.js';
import { drawnEdges, topologicalOrder } from './order.js';
import { displayWidth, padText } from '../text/index.js';

/**
 * The graph for a terminal. Tasks with the same neighbours stand in one bracket, one below the other; arrows go from
 * bracket to bracket, so each arrow of the graph is drawn exactly once. `╌►` is order only; a disabled task is in brackets `[…]`.
 */
export function drawText(nodes: readonly GraphNode[], options: { readonly columns?: number } = {}): string {
  const columns = options.columns ?? 80;
  return chains(groupsOf(nodes))
    .map((chain) => drawChain(chain, columns))
    .join('\n');
}

/** A name for people: as it is where it is a plain word, quoted with escapes where it could be misread. */
export function quoteName(name: string): string {
  if (/^[\p{L}\p{N}_.:@/+-]+$/u.test(name)) return name;
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface Group {
  readonly labels: readonly string[];
  readonly next: { readonly group: Group; readonly type: 'needs' | 'after' }[];
}

interface Link {
  readonly group: Group;
  readonly type: 'needs' | 'after' | undefined;
}

/** Tasks with the same arrows in and the same arrows out are one group. */
function groupsOf(nodes: readonly GraphNode[]): readonly Group[] {
  const edges = drawnEdges(nodes);
  const keys = new Map<string, string[]>(nodes.map((node) => [node.name, []]));
  for (const { from, to, type } of edges) {
    keys.get(from)?.push(JSON.stringify(['to', type, to]));
    keys.get(to)?.push(JSON.stringify(['from', type, from]));
  }
  const byKey = new Map<string, { group: Group; labels: string[] }>();
  const byName = new Map<string, Group>();
  for (const node of topologicalOrder(nodes)) {
    const key = JSON.stringify(keys.get(node.name)?.sort());
    let entry = byKey.get(key);
    if (!entry) {
      const labels: string[] = [];
      entry = { group: { labels, next: [] }, labels };
      byKey.set(key, entry);
    }
    entry.labels.push(node.enabled ? quoteName(node.name) : `[${quoteName(node.name)}]`);
    byName.set(node.name, entry.group);
  }
  for (const { from, to, type } of edges) {
    const tail = byName.get(from);
    const head = byName.get(to);
    if (tail && head && !tail.next.some((link) => link.group === head)) tail.next.push({ group: head, type });
  }
  return [...byKey.values()].map((entry) => entry.group);
}

/** Splits the arrows into chains: each goes on as long as there is an arrow that no chain has drawn. */
function chains(groups: readonly Group[]): readonly (readonly Link[])[] {
  const found: Link[][] = [];
  const drawn = new Set<Group>();
  const open = new Map(groups.map((group) => [group, [...group.next]]));
  for (const group of groups) {
    while (!drawn.has(group) || (open.get(group)?.length ?? 0) > 0) {
      const chain: Link[] = [{ group, type: undefined }];
      drawn.add(group);
      for (let link = open.get(group)?.shift(); link; link = open.get(link.group)?.shift()) {
        chain.push(link);
        drawn.add(link.group);
      }
      found.push(chain);
    }
  }
  return found;
}

function drawChain(chain: readonly Link[], columns: number): string {
  const rows: string[] = [];
  let block: string[] = [];
  chain.forEach((link, index) => {
    const arrow = link.type === undefined ? '' : link.type === 'needs' ? '─► ' : '╌► ';
    const last = index === chain.length - 1;
    const box = bracket(link.group.labels, !last);
    const lead = block.length === 0 ? '' : ' ';
    if (block.length > 0 && widthOf(block) + displayWidth(lead + arrow) + widthOf(box) > columns) {
      rows.push(...block);
      block = beside(['  '], arrow, box);
    } else {
      block = beside(block, lead + arrow, box);
    }
  });
  return [...rows, ...block].map((line) => line.trimEnd()).join('\n');
}

function bracket(labels: readonly string[], closed: boolean): string[] {
  if (labels.length === 1) return [...labels];
  const width = widthOf(labels);
  const last = labels.length - 1;
  const at = (index: number, marks: readonly [string, string, string]): string =>
    index === 0 ? marks[0] : index === last ? marks[2] : marks[1];
  return labels.map((label, index) => {
    const open = `${at(index, ['┌', '├', '└'])} ${label}`;
    return closed ? `${padText(open, width + 2)} ${at(index, ['┐', '┤', '┘'])}` : open;
  });
}

function beside(left: readonly string[], arrow: string, right: readonly string[]): string[] {
  const width = widthOf(left);
  const gap = ' '.repeat(displayWidth(arrow));
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => {
    return padText(left[row] ?? '', width) + (row === 0 ? arrow : gap) + (right[row] ?? '');
  });
}

function widthOf(lines: readonly string[]): number {
  return Math.max(0, ...lines.map(displayWidth));
}
