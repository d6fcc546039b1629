import { ciRules } from './ci/index.js';
import { projectRules } from './project/index.js';
import type { Rule } from './rule.js';
import { scriptsRules } from './scripts/index.js';
import { serverRules } from './server/index.js';

/** Every rule there is. */
export const rules: readonly Rule[] = [...ciRules, ...scriptsRules, ...projectRules, ...serverRules];

export { ciRules };
export { diagnosisJson, diagnosisProblem, findingOf, type Diagnosis, type Finding } from './diagnosis.js';
export type { Evidence } from './evidence.js';
export { examine, type Examination, type LeftOut } from './examine.js';
export { leftProofs, proofName } from './server/left-proofs.js';
export type { Rule } from './rule.js';
export { readWorkflow, type Step, type WorkflowFile } from './ci/read-workflow.js';
export { innerScriptsOf } from './ci/inner-scripts.js';
export { databaseWork, managementCommand, programOf, type Script } from './ci/script.js';
export type { ShellCommand } from './ci/shell.js';
