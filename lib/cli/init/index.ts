export { initRepository } from './command.js';
export type { RepositoryFacts } from './facts.js';
export { inspectRepository } from './inspect.js';
export { writeConfig } from './write-config.js';
