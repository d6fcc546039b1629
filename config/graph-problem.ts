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
  const entry = (task: string, via: 'needs' | 'after', need: string): Place =>
    entryPlace(raw, locate, { task, via, need });
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
      const via = waitsVia(raw, second, first);
      const place =
        via === undefined
          ? entry(first, waitsVia(raw, first, second) ?? 'needs', second)
          : entry(second, via, first);
      return {
        code: 'DBB3002',
        message: `these tasks depend on each other in a circle: ${fault.path.join(' → ')}`,
        place,
        help: 'take one of these dependencies out',
      };
    }
  }
}

/** The problem for a check that a task comes after, where no check of its kind judges what that task leaves. */
export function gateProblem(
  check: { readonly name: string; readonly use: string },
  before: string,
  raw: Readonly<Record<string, Json>>,
  locate: Locate,
): Problem {
  const [direct = before] = Object.keys(raw).filter((task) => waitsVia(raw, task, check.name));
  const via = waitsVia(raw, direct, check.name) ?? 'needs';
  return {
    code: 'DBB3002',
    message: `check "${check.name}" comes before task "${before}", but a check comes after every task that may change what it checks`,
    place: entryPlace(raw, locate, { task: direct, via, need: check.name }),
    help: `take "${check.name}" out of the list, or name a second task of kind ${check.use} there: one comes before, one judges the end`,
  };
}

function waitsVia(
  raw: Readonly<Record<string, Json>>,
  task: string,
  need: string,
): 'needs' | 'after' | undefined {
  return (['needs', 'after'] as const).find(
    (via) => isObject(raw[task]) && textsOf(raw[task][via]).includes(need),
  );
}

function entryPlace(
  raw: Readonly<Record<string, Json>>,
  locate: Locate,
  { task, via, need }: { readonly task: string; readonly via: 'needs' | 'after'; readonly need: string },
): Place {
  const list = isObject(raw[task]) ? textsOf(raw[task][via]) : [];
  return locate(['tasks', task, via, Math.max(0, list.indexOf(need))], 'value');
}
