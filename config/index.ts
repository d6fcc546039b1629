export { holdsSecret } from './secrets.js';
export { defineTask } from './define.js';
export type * from './define.js';
export { defineConfig, type BootstrapConfig, type TaskConfig } from './define-config.js';
export { parseDuration } from './duration.js';
export { explainConfig, maskedConfig } from './explain.js';
export { loadWorkflow, type LoadOptions } from './load-workflow.js';
export { configSchema } from './json-schema.js';
export type * from './workflow.js';
