export type * from './expected-rules.js';
export type * from './model-catalog.js';
export { problemOfHost } from './host-problem.js';
export type * from './preflight.js';
export type * from './history-answers.js';
export type * from './migrated.js';
export type * from './project-answers.js';
export type * from './protocol.js';
export type * from './tenant-answers.js';
export { findInterpreter, type Interpreter, type InterpreterOptions } from './find-interpreter.js';
export { findSettings, type SettingsOptions } from './find-settings.js';
export { migrationAdvice, packageAdvice } from './migration-advice.js';
export {
  createHostService,
  type HostClient,
  type HostService,
  type HostServiceOptions,
} from './host-service.js';
export type { HostUser } from './loaded-project.js';
export { recordedStates } from './recorded-states.js';
export { uncoveredDatabase } from './other-databases.js';
export {
  applyAlone,
  autodetect,
  decidedTables,
  ownCode,
  expectedRules,
  expectedTables,
  inspect,
  otherConnection,
  migrate,
  postMigrate,
  otherSettings,
  preflight,
  record,
  states,
  shownTenants,
  tenantRows,
  type OnEvent,
} from './requests.js';
