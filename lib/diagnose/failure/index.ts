import { BootstrapError, type Problem } from '../../errors/index.js';
import { withCause } from './cause.js';
import { explainers } from './explainers.js';
import { sceneOf, type Failed, type Scene } from './scene.js';
import { symptomOf } from './symptom.js';

/** Many tenants fail for one reason: beyond so many problems, or milliseconds, the rest is told as it is. */
const limit = 20;
const patience = 10_000;

/**
 * The problems of a failed task with their causes as headlines, found by asking the catalog and the project; each problem as it is
 * where no cause is found. Changes nothing.
 */
export async function explainFailure(
  problems: readonly Problem[],
  failed: Failed,
): Promise<readonly Problem[]> {
  const scene = sceneOf(failed);
  const until = performance.now() + patience;
  const explained: Problem[] = [];
  for (const problem of problems) {
    if (explained.some((each) => repairs(each, problem))) continue;
    const asked = explained.length < limit && performance.now() < until;
    explained.push(asked ? await explain(problem, scene, failed) : asBefore(problem, explained));
  }
  return explained.filter(
    (problem, index) => !explained.slice(index + 1).some((later) => repairs(later, problem)),
  );
}

/** Whether the repair of one problem makes the table that another one misses: they are one finding. */
function repairs({ facts: found = {} }: Problem, { code, facts = {} }: Problem): boolean {
  const has = (list: unknown, name: unknown): boolean => Array.isArray(list) && list.includes(name);
  const isThere = has(found.schemas ?? [found.schema], facts.schema);
  return (
    facts.alias === undefined &&
    lost.has(code) &&
    facts.column === undefined &&
    isThere &&
    has(found.tables, facts.table)
  );
}

/** What was not looked at is likely to have the cause that the same failure had elsewhere. */
function asBefore(problem: Problem, explained: readonly Problem[]): Problem {
  const same = explained.find(({ notes = [] }) =>
    notes.some(({ label, text }) => label === 'symptom' && text === problem.message),
  );
  if (!same) return problem;
  return {
    ...problem,
    notes: [...(problem.notes ?? []), { label: 'likely', text: `as above: ${same.code}` }],
  };
}

async function explain(problem: Problem, scene: Scene, failed: Failed): Promise<Problem> {
  if ((problem.severity ?? 'error') !== 'error') return problem;
  // The scene is that of the main database.
  if (problem.facts?.alias !== undefined) return problem;
  try {
    if (unloadable.has(problem.code))
      return await (await import('./unloadable.js')).explainUnloadable(problem, failed);
    if (lost.has(problem.code)) return await (await import('./lost.js')).explainLost(problem, scene);
    const symptom = symptomOf(problem);
    const { schema, migration } = problem.facts ?? {};
    if (typeof schema === 'string' && migration !== undefined) {
      const dropped = await (await import('./missing-schema.js')).explainDropped(schema, scene);
      if (dropped) return withCause(problem, symptom ?? problem, dropped);
    }
    if (!symptom) return await explainOther(problem, scene);
    const cause = await explainers[symptom.sqlstate]?.(symptom, scene);
    return cause ? withCause(problem, symptom, cause) : problem;
  } catch (error) {
    // A server that is gone, or a role that may not look, leaves the failure as it was told.
    if (error instanceof BootstrapError) return problem;
    throw error;
  }
}

/** What has no SQLSTATE: Django's own refusals, a client that found no server, a child that was killed. */
async function explainOther(problem: Problem, scene: Scene): Promise<Problem> {
  if (!told.has(problem.code)) return problem;
  const { explainUntold } = await import('./untold.js');
  const found = await explainUntold(problem, scene);
  if (found) return withCause(problem, { message: found.said }, found.cause);
  const killed = problem.facts?.signal === 'SIGKILL' || problem.facts?.exitCode === 137;
  return killed ? { ...problem, notes: [...(problem.notes ?? []), outOfMemory] } : problem;
}

/** Codes of a project that Django does not load: its rules know why. */
const unloadable: ReadonlySet<string> = new Set(['DBB6003', 'DBB6030', 'DBB6032']);

/** Codes of checks that found a table or a column missing. */
const lost: ReadonlySet<string> = new Set(['DBB6012', 'DBB6033']);

/** Codes of failures whose words are a child's or Django's, and not ours. */
const told: ReadonlySet<string> = new Set(['DBB5001', 'DBB5005', 'DBB6011', 'DBB6028', 'DBB4007']);

const outOfMemory = {
  label: 'likely',
  text: 'the system ended it because memory ran out, or somebody did (kill -9)',
};
