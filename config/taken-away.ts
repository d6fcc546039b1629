import type { Json } from './define.js';
import { isObject, textsOf } from './merge.js';

/**
 * The tasks with what `null` took away passed through, as a disabled task is: what needed such a task needs what that one needed, and
 * what merely came after it waits for nothing.
 */
export function passThrough(
  tasks: Readonly<Record<string, Json>>,
  taken: ReadonlyMap<string, Json>,
): Readonly<Record<string, Json>> {
  const isGone = (name: string): boolean => !Object.hasOwn(tasks, name) && taken.has(name);
  const needsOf = (name: string, seen: readonly string[]): readonly string[] => {
    if (!isGone(name)) return [name];
    const gone = taken.get(name);
    if (seen.includes(name) || !isObject(gone)) return [];
    return textsOf(gone.needs).flatMap((need) => needsOf(need, [...seen, name]));
  };
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => {
      if (!isObject(task) || ![...textsOf(task.needs), ...textsOf(task.after)].some(isGone))
        return [name, task];
      const needs = [...new Set(textsOf(task.needs).flatMap((need) => needsOf(need, [])))];
      return [name, { ...task, needs, after: textsOf(task.after).filter((other) => !isGone(other)) }];
    }),
  );
}
