import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checksLast, downstreamOf, validateGraph, type GraphNode } from '../../lib/graph/index.js';
import { graphs } from './arbitrary.js';

const isCheck = ({ name }: GraphNode): boolean => name.startsWith('check');

function node(name: string, more: Partial<GraphNode> = {}): GraphNode {
  return { name, use: name, needs: [], after: [], enabled: true, ...more };
}

describe('checksLast', () => {
  it('puts a check after every enabled task, whatever is written and wherever it stands', () => {
    const { nodes, gates } = checksLast(
      [
        node('check-a', { needs: ['migrate'] }),
        node('migrate'),
        node('seed', { needs: ['migrate'] }),
        node('flush', { enabled: false }),
        node('check-b', { after: ['seed'] }),
      ],
      isCheck,
    );
    assert.deepEqual(gates, []);
    assert.deepEqual(
      nodes.map(({ name, needs, after }) => [name, needs, after]),
      [
        ['migrate', [], []],
        ['seed', ['migrate'], []],
        ['flush', [], []],
        ['check-a', ['migrate'], ['migrate', 'seed']],
        ['check-b', [], ['seed', 'migrate']],
      ],
    );
  });

  it('names a check that an enabled task comes after, also through others', () => {
    const before = [
      node('check-a'),
      node('check-b', { needs: ['check-a'] }),
      node('off', { after: ['check-b'], enabled: false }),
      node('seed', { needs: ['off'] }),
      node('check-c'),
      node('idle', { needs: ['check-c'], enabled: false }),
    ];
    const { nodes, gates } = checksLast(before, isCheck);
    assert.deepEqual(
      gates.map(({ check, before }) => [check.name, before]),
      [
        ['check-a', 'seed'],
        ['check-b', 'seed'],
      ],
    );
    assert.deepEqual(nodes.find(({ name }) => name === 'check-c')?.after, ['seed']);
  });

  it('makes no circle, and leaves no enabled task beside a check or behind it, in any graph', () => {
    fc.assert(
      fc.property(graphs(), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (drafts, checks) => {
        const checking = new Set(drafts.filter((_each, index) => checks[index]).map(({ name }) => name));
        const { nodes, gates } = checksLast(drafts, ({ name }) => checking.has(name));
        assert.deepEqual(validateGraph(nodes), []);
        for (const { name, enabled } of nodes) {
          if (checking.has(name) || !enabled) continue;
          const behind = downstreamOf(nodes, name);
          for (const check of checking)
            assert.ok(behind.has(check) || gates.some((gate) => gate.check.name === check));
        }
      }),
    );
  });
});
