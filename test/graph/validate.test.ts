import assert from 'node:assert/strict';
import fc from 'fast-check';
import { validateGraph, type GraphNode } from '../../lib/graph/index.js';
import { graphs } from './arbitrary.js';

function node(name: string, needs: string[] = [], after: string[] = []): GraphNode {
  return { name, use: 'command', needs, after, enabled: true };
}

describe('validateGraph', () => {
  it('names an unknown need with the nearest name', () => {
    const faults = validateGraph([node('shared'), node('seed', ['shraed'], ['zzzzzzzz'])]);
    assert.deepEqual(faults, [
      { type: 'unknown-need', task: 'seed', need: 'shraed', via: 'needs', nearest: 'shared' },
      { type: 'unknown-need', task: 'seed', need: 'zzzzzzzz', via: 'after' },
    ]);
  });

  it('does not propose the task itself', () => {
    assert.deepEqual(validateGraph([node('seed', ['sede'])]), [
      { type: 'unknown-need', task: 'seed', need: 'sede', via: 'needs' },
    ]);
  });

  it('finds a self-need through both keys, and no cycle for it', () => {
    assert.deepEqual(validateGraph([node('a', ['a'], ['a'])]), [
      { type: 'self-need', task: 'a', via: 'needs' },
      { type: 'self-need', task: 'a', via: 'after' },
    ]);
  });

  it('shows a cycle as its path, through needs and after together', () => {
    const faults = validateGraph([
      node('a', ['b']),
      node('b', [], ['c']),
      node('c', ['a']),
      node('d', ['a']),
    ]);
    assert.deepEqual(faults, [{ type: 'cycle', path: ['a', 'b', 'c', 'a'] }]);
  });

  it('reports each knot once, with its shortest cycle, and all faults at once', () => {
    const faults = validateGraph([
      node('a', ['b', 'c']),
      node('b', ['a']),
      node('c', ['d']),
      node('d', ['a', 'gone']),
      node('x', ['y']),
      node('y', ['x']),
    ]);
    assert.deepEqual(
      faults.map((fault) => (fault.type === 'cycle' ? fault.path : fault.type)),
      ['unknown-need', ['a', 'b', 'a'], ['x', 'y', 'x']],
    );
  });

  it('finds nothing in any acyclic graph, and a cycle as soon as one arrow is turned back', () => {
    fc.assert(
      fc.property(graphs(), (nodes) => {
        assert.deepEqual(validateGraph(nodes), []);
        const tail = nodes.find((each) => each.needs.length > 0);
        if (!tail) return;
        const turned = nodes.map((each) =>
          each.name === tail.needs[0] ? { ...each, after: [...each.after, tail.name] } : each,
        );
        const cycles = validateGraph(turned).flatMap((fault) => (fault.type === 'cycle' ? [fault.path] : []));
        assert.equal(cycles.length, 1);
        const path = cycles[0]!;
        assert.equal(path[0], path.at(-1));
        path.slice(0, -1).forEach((name, index) => {
          const from = turned.find((each) => each.name === name)!;
          assert.ok([...from.needs, ...from.after].includes(path[index + 1]!));
        });
      }),
    );
  });
});
