export type { Reporter, RunEvent, RunEventBody, RunStatus, TaskEnd, TaskStatus } from './events.js';
export type {
  FailedTask,
  LastRun,
  Ledger,
  RunLock,
  RunOptions,
  RunRecord,
  RunResult,
  RunServices,
  ServiceUser,
} from './services.js';
export { concludeRun } from './conclude.js';
export { causesOf } from './explain.js';
export { runWorkflow } from './run-workflow.js';
export { acceptChanges } from './ask-kinds.js';
export { planWorkflow, type PlanOptions, type TaskPlan } from './plan-workflow.js';
export { destructiveTasks, evaluateGuards, guardReasons, guardRefusal, type GuardOptions } from './guards.js';
export { stateDirectoryOf } from './context.js';
export { aborted } from './deadline.js';
export { applicationName, taskEnvironment, type DatabaseParts } from './environment.js';
export { databaseLock, type LockOptions } from './lock.js';
export { fileLock } from './file-lock.js';
export { databaseLedger, fileLedger, noLedger } from './ledger/index.js';
export { removeOldRuns } from './old-runs.js';
