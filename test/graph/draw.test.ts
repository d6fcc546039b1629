import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  downstreamOf,
  drawDot,
  drawMermaid,
  drawText,
  drawnEdges,
  edgesOf,
  quoteName,
  toJson,
  type GraphNode,
} from '../../lib/graph/index.js';
import { graphs } from './arbitrary.js';
import { displayWidth } from '../../lib/text/index.js';

function node(name: string, needs: string[] = [], after: string[] = [], enabled = true): GraphNode {
  return { name, use: 'command', needs, after, enabled };
}

function preset(): GraphNode[] {
  const chain = [
    'wait',
    'init',
    'makemigrations',
    'migrate',
    'shared',
    'flush',
    'tenants',
    'tenant-migrations',
  ];
  return [
    ...chain.map((name, index) =>
      node(name, chain.slice(Math.max(0, index - 1), index), [], name !== 'flush'),
    ),
    ...['check-tables', 'check-migrations', 'check-roles'].map((name) => node(name, ['tenant-migrations'])),
    node('seed', ['check-tables', 'check-migrations', 'check-roles']),
    node('venv'),
    node('report', ['venv'], ['wait']),
  ];
}

/** Reads a text drawing back: which labels stand in it, and which arrows join them. */
function readText(text: string): { names: Set<string>; edges: Set<string> } {
  const names = new Set<string>();
  const edges = new Set<string>();
  let left: string[] = [];
  const label = String.raw`\[?(?:"(?:[^"\\]|\\.)*"|[^\s"\[\]┌├└┐┤┘]+)\]?`;
  // A row of the drawing begins where a line has no bracket that goes on.
  const blocks: string[][] = [];
  for (const line of text.split('\n')) {
    if (/^\s*[├└]/.test(line)) blocks.at(-1)!.push(line);
    else blocks.push([line]);
  }
  for (const [head, ...more] of blocks) {
    if (!/^ {2}[─╌]►/.test(head!)) left = [];
    let type: string | undefined;
    for (const token of head!.matchAll(new RegExp(`([─╌])►|(┌) (${label})|(${label})`, 'gu'))) {
      if (token[1]) {
        type = token[1] === '─' ? 'needs' : 'after';
        continue;
      }
      const group = [token[3] ?? token[4]!];
      if (token[2]) {
        const column = displayWidth(head!.slice(0, token.index));
        for (const line of more) {
          // Wide characters move the columns of a string, so they are counted as a terminal does.
          const at = [...line.matchAll(new RegExp(`[├└] (${label})`, 'gu'))].find(
            (each) => displayWidth(line.slice(0, each.index)) === column,
          );
          if (at) group.push(at[1]!);
        }
      }
      for (const name of group) names.add(name);
      if (type) for (const from of left) for (const to of group) edges.add(`${from} ${type} ${to}`);
      left = group;
    }
  }
  return { names, edges };
}

describe('drawnEdges', () => {
  it('leave out order that a longer path says, and no need', () => {
    const nodes = [node('a'), node('b', ['a']), node('c', ['a'], ['b']), node('d', ['c'], ['a', 'b', 'c'])];
    assert.deepEqual(
      drawnEdges(nodes).map(({ from, to, type }) => `${from} ${type} ${to}`),
      ['a needs b', 'a needs c', 'b after c', 'c needs d'],
    );
  });

  it('say the same order as all arrows', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        const drawn = drawnEdges(nodes);
        for (const { name } of nodes) {
          const reached = new Set([name]);
          for (const each of reached) for (const { from, to } of drawn) if (from === each) reached.add(to);
          reached.delete(name);
          assert.deepEqual([...reached].sort(), [...downstreamOf(nodes, name)].sort());
        }
      }),
    );
  });
});

describe('drawText', () => {
  it('draws the default workflow readably at 80 columns', () => {
    assert.equal(
      drawText(preset()),
      [
        'wait ─► init ─► makemigrations ─► migrate ─► shared ─► [flush] ─► tenants',
        '  ─► tenant-migrations ─► ┌ check-tables     ┐ ─► seed',
        '                          ├ check-migrations ┤',
        '                          └ check-roles      ┘',
        'wait ╌► report',
        'venv ─► report',
      ].join('\n'),
    );
  });

  it('keeps to the columns as long as single names allow', () => {
    const wide = Array.from({ length: 30 }, (_, index) =>
      node(`task-number-${index}`, index === 0 ? [] : [`task-number-${index - 1}`]),
    );
    for (const line of drawText(wide, { columns: 60 }).split('\n')) assert.ok(displayWidth(line) <= 60, line);
  });

  it('lists every node and every arrow, and no other', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        const shown = (name: string): string => {
          const enabled = nodes.find((each) => each.name === name)!.enabled;
          return enabled ? quoteName(name) : `[${quoteName(name)}]`;
        };
        const { names, edges } = readText(drawText(nodes));
        assert.deepEqual([...names].sort(), nodes.map((each) => shown(each.name)).sort());
        assert.deepEqual(
          [...edges].sort(),
          drawnEdges(nodes)
            .map(({ from, to, type }) => `${shown(from)} ${type} ${shown(to)}`)
            .sort(),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('drawMermaid and drawDot', () => {
  it('escape what would end a label', () => {
    const nodes = [node('say "hi"; <b>'), node('back\\slash\nline', [], ['say "hi"; <b>'], false)];
    assert.match(drawMermaid(nodes), /t0\["say #34;hi#34;#59; #60;b#62;"\]/);
    assert.match(drawMermaid(nodes), /t1\["back#92;slash#10;line"\]:::disabled/);
    assert.match(drawMermaid(nodes), /t0 -\.-> t1/);
    assert.match(drawDot(nodes), /t0 \[label="say \\"hi\\"; <b>"\];/);
    assert.match(drawDot(nodes), /t1 \[label="back\\\\slash\\nline", style=dashed\];/);
    assert.match(drawDot(nodes), /t0 -> t1 \[style=dashed\];/);
  });

  it('list every node and every arrow', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        const id = (name: string): string => `t${nodes.findIndex((each) => each.name === name)}`;
        const edges = drawnEdges(nodes);
        const mermaid = drawMermaid(nodes).split('\n');
        const dot = drawDot(nodes).split('\n');
        for (const { name } of nodes) {
          const inMermaid = mermaid.find((line) => line.startsWith(`  ${id(name)}["`))!;
          const text = /\["(.*)"\]/.exec(inMermaid)![1]!;
          assert.equal(
            text.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
            name,
          );
          assert.equal(dot.filter((line) => line.startsWith(`  ${id(name)} [label="`)).length, 1);
        }
        for (const { from, to, type } of edges) {
          assert.equal(
            mermaid.filter((line) => line === `  ${id(from)} ${type === 'needs' ? '-->' : '-.->'} ${id(to)}`)
              .length,
            1,
          );
          assert.equal(
            dot.filter(
              (line) => line === `  ${id(from)} -> ${id(to)}${type === 'needs' ? '' : ' [style=dashed]'};`,
            ).length,
            1,
          );
        }
        assert.equal(
          mermaid.filter((line) => /-->|-\.->/.test(line.replace(/".*"/, ''))).length,
          edges.length,
        );
      }),
    );
  });
});

describe('toJson', () => {
  it('has the nodes and the arrows, and nothing else', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        assert.deepEqual(toJson(nodes), { nodes, edges: edgesOf(nodes) });
      }),
    );
  });
});
