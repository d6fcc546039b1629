import type { Place, Problem } from '../lib/errors/index.js';
import type { GraphFault } from '../lib/graph/index.js';
import type { Json } from './define.js';
import type { Locate } from './issues.js';
import { isObject, textsOf } from './merge.js';

/** The problem for a fault of the graph, with squiggles under the entry of the list that makes it. */
export function graphProblem(
  fault: GraphFault,
  raw: Readonly<Record<string, Json>>,
  locate: Locate,
): Problem {
  const entry = (task: string, via: 'needs' | 'after', need: string): Place => {
    const list = isObject(raw[task]) ? textsOf(raw[task][via]) : [];
    return locate(['tasks', task, via, Math.max(0, list.indexOf(need))], 'value');
  };
  switch (fault.type) {
    case 'unknown-need':
      return {
        code: 'DBB3001',
        message: `task "${fault.task}" ${fault.via === 'needs' ? 'needs' : 'comes after'} "${fault.need}", which does not exist`,
        place: entry(fault.task, fault.via, fault.need),
        help:
          fault.nearest === undefined
            ? `the tasks are ${Object.keys(raw).join(', ')}`
            : `did you mean "${fault.nearest}"?`,
      };
    case 'self-need':
      return {
        code: 'DBB3003',
        message: `task "${fault.task}" depends on itself`,
        place: entry(fault.task, fault.via, fault.task),
        help: 'take it out of the list',
      };
    case 'cycle': {
      const [first = '', second = ''] = fault.path;
      // The path runs along the arrows: its second task has the first among what it waits for, or the other way round.
      const waits = (task: string, need: string): 'needs' | 'after' | undefined =>
        (['needs', 'after'] as const).find(
          (via) => isObject(raw[task]) && textsOf(raw[task][via]).includes(need),
        );
      const via = waits(second, first);
      const place =
        via === undefined ? entry(first, waits(first, second) ?? 'needs', second) : entry(second, via, first);
      return {
        code: 'DBB3002',
        message: `these tasks depend on each other in a circle: ${fault.path.join(' → ')}`,
        place,
        help: 'take one of these dependencies out',
      };
    }
  }
}
