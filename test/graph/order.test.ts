import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  criticalPath,
  downstreamOf,
  edgesOf,
  topologicalOrder,
  type GraphNode,
} from '../../lib/graph/index.js';
import { graphs } from './arbitrary.js';

function node(name: string, needs: string[] = [], after: string[] = []): GraphNode {
  return { name, use: 'command', needs, after, enabled: true };
}

describe('topologicalOrder', () => {
  it('keeps the declaration where the arrows leave a choice', () => {
    const nodes = [node('c', ['b']), node('z'), node('b'), node('a')];
    assert.deepEqual(
      topologicalOrder(nodes).map((each) => each.name),
      ['z', 'b', 'c', 'a'],
    );
  });

  it('respects every arrow and loses no node', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        const order = topologicalOrder(nodes).map((each) => each.name);
        assert.deepEqual([...order].sort(), nodes.map((each) => each.name).sort());
        for (const { from, to } of edgesOf(nodes)) assert.ok(order.indexOf(from) < order.indexOf(to));
      }),
    );
  });

  it('refuses a cycle instead of losing its nodes', () => {
    assert.throws(() => topologicalOrder([node('a', ['b']), node('b', ['a'])]), /cycle/);
  });
});

describe('downstreamOf', () => {
  it('follows needs and after, through disabled nodes too, and does not hold the node itself', () => {
    const nodes = [
      node('d', ['b']),
      { ...node('b', [], ['a']), enabled: false },
      node('a'),
      node('side'),
      node('c', ['side']),
    ];
    assert.deepEqual([...downstreamOf(nodes, 'a')].sort(), ['b', 'd']);
    assert.deepEqual([...downstreamOf(nodes, 'd')], []);
  });

  it('holds what has the node, or one that it holds, before it, and nothing else', () => {
    fc.assert(
      fc.property(graphs(), fc.nat(), (nodes, pick) => {
        fc.pre(nodes.length > 0);
        const { name } = nodes[pick % nodes.length]!;
        const found = downstreamOf(nodes, name);
        for (const each of nodes) {
          const behind = [...each.needs, ...each.after].some((other) => other === name || found.has(other));
          assert.equal(found.has(each.name), behind);
        }
      }),
    );
  });
});

describe('edgesOf', () => {
  it('has every arrow once; a need wins over after', () => {
    assert.deepEqual(edgesOf([node('a'), node('b', ['a', 'a', 'gone'], ['a'])]), [
      { from: 'a', to: 'b', type: 'needs' },
    ]);
  });
});

describe('criticalPath', () => {
  it('is the chain that takes longest', () => {
    const ms: Record<string, number> = { a: 1, b: 10, c: 2, d: 3 };
    const nodes = [node('a'), node('b', ['a']), node('c', ['a']), node('d', ['c'], ['b'])];
    assert.deepEqual(
      criticalPath(nodes, (name) => ms[name]!),
      { path: ['a', 'b', 'd'], ms: 14 },
    );
    assert.deepEqual(
      criticalPath([], () => 1),
      { path: [], ms: 0 },
    );
  });

  it('is a path along arrows, and no task outside it takes longer alone', () => {
    fc.assert(
      fc.property(graphs(), fc.array(fc.nat(100), { minLength: 12, maxLength: 12 }), (nodes, costs) => {
        const cost = (name: string): number => costs[nodes.findIndex((each) => each.name === name)]!;
        const { path, ms } = criticalPath(nodes, cost);
        assert.equal(
          ms,
          path.reduce((sum, name) => sum + cost(name), 0),
        );
        const edges = edgesOf(nodes);
        path
          .slice(1)
          .forEach((to, index) =>
            assert.ok(edges.some((edge) => edge.to === to && edge.from === path[index])),
          );
        for (const each of nodes) assert.ok(cost(each.name) <= ms);
      }),
    );
  });
});
