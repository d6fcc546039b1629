import type { Workflow } from '../../config/workflow.js';

/**
 * Whether the project may be loaded before the first task asks for it: not where a task before one that asks may change files, as
 * a command does that makes the virtual environment. Tasks that do without the database are taken to work on files.
 */
export function mayWarm({ tasks }: Workflow): boolean {
  const seen = new Set<string>();
  const isSafe = (name: string): boolean => {
    const task = tasks.get(name);
    if (!task || seen.has(name)) return true;
    seen.add(name);
    if (task.enabled && task.kind.database === false) return false;
    return [...task.needs, ...task.after].every(isSafe);
  };
  const asking = [...tasks.values()].filter((task) => task.enabled && task.kind.host === true);
  return asking.length > 0 && asking.every(({ name }) => isSafe(name));
}
