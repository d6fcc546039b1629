import type { Problem } from '../../errors/index.js';
import { explainRecorded } from './recorded.js';
import type { Scene } from './scene.js';

/** What a check found missing: how that happened in its schema, and the commands that repair it. */
export async function explainLost(problem: Problem, scene: Scene): Promise<Problem> {
  const { facts = {}, notes = [] } = problem;
  const { schema, table, column } = facts;
  const { project } = scene;
  if (!project || typeof schema !== 'string' || typeof table !== 'string') return problem;
  const object = { table, ...(typeof column === 'string' ? { column } : {}) };
  const [inspection, history] = [await project.inspection(), await project.history(table, object.column)];
  if (!inspection || !history || history.maker === null) return problem;
  const { app, name } = history.maker;
  const [state] = await project.states([schema]);
  // A migration that is not applied makes the column when it is: that is what the check has said.
  const unapplied = [...(state?.pending ?? []), ...(state?.partly ?? [])];
  if (!state || unapplied.some((each) => each.app === app && each.name === name)) return problem;
  const cause = await explainRecorded(scene, { schemas: [schema], ...object, history, inspection, project });
  return {
    ...problem,
    ...cause,
    notes: [...(cause.notes ?? []), ...notes],
    facts: { ...facts, ...cause.facts },
  };
}
