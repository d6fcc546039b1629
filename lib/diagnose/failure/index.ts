import { BootstrapError, type Problem } from '../../errors/index.js';
import type { Cause } from './cause.js';
import { withCause } from './cause.js';
import { explainers } from './explainers.js';
import { sceneOf, type Failed, type Scene } from './scene.js';
import { symptomOf } from './symptom.js';

/** Many tenants fail for one reason: more than this many are not asked about one by one. */
const limit = 20;

/**
 * The problems of a failed task with their causes as headlines, found by asking the catalog and the project; each problem as it is
 * where no cause is found. Changes nothing.
 */
export async function explainFailure(
  problems: readonly Problem[],
  failed: Failed,
): Promise<readonly Problem[]> {
  const scene = sceneOf(failed);
  const explained: Problem[] = [];
  for (const problem of problems) {
    explained.push(explained.length < limit ? await explain(problem, scene) : problem);
  }
  return explained;
}

async function explain(problem: Problem, scene: Scene): Promise<Problem> {
  if ((problem.severity ?? 'error') !== 'error') return problem;
  const symptom = symptomOf(problem);
  const explainer = symptom && explainers[symptom.sqlstate];
  if (!symptom || !explainer) return problem;
  let cause: Cause | undefined;
  try {
    cause = await explainer(symptom, scene);
  } catch (error) {
    // A server that is gone, or a role that may not look, leaves the failure as it was told.
    if (!(error instanceof BootstrapError)) throw error;
  }
  return cause ? withCause(problem, symptom, cause) : problem;
}
