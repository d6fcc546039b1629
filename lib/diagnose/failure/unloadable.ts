import type { Problem } from '../../errors/index.js';
import { diagnosisProblem } from '../diagnosis.js';
import { examine } from '../examine.js';
import { loadingRules } from '../project/index.js';
import { withCause } from './cause.js';
import type { Failed } from './scene.js';

/** Why Django does not load a project, as its rules find it, as headline of the problem; the problem as it is where they find nothing. */
export async function explainUnloadable(problem: Problem, failed: Failed): Promise<Problem> {
  const { workflow, context } = failed;
  const { findings } = await examine(
    {
      root: workflow.root,
      env: context.env,
      workflow,
      projectDirectory: workflow.django.directory,
      host: context.host,
      workflowFiles: [],
      signal: context.signal,
    },
    loadingRules,
  );
  const found = findings.find(({ explains }) => explains?.includes(problem.code));
  if (!found) return problem;
  const { code, message, help, place, notes = [] } = diagnosisProblem(found);
  const told = { ...(help === undefined ? {} : { help }), ...(place === undefined ? {} : { place }) };
  // The same words: only the place and the repair are better.
  if (message === problem.message) return { ...problem, ...told };
  const shown = notes.filter(({ text }) => !isSaidBy(problem, text));
  return withCause(problem, { message: problem.message }, { code, message, notes: shown, ...told });
}

/** The rule met the same failure, so what shows it is mostly the problem over again. */
function isSaidBy({ message, notes = [] }: Problem, text: string): boolean {
  return [message, `Django says: ${message}`, ...notes.map((note) => `${note.label}: ${note.text}`)].includes(
    text,
  );
}
