export { initRepository } from './command.js';
export { inspectRepository } from './inspect.js';
export { writeConfig } from './write-config.js';
