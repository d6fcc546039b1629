export { runProcess, type ProcessOptions, type ProcessResult } from './run-process.js';
export { endGroup, groupLives, signalGroup, type EndGroupOptions } from './end-group.js';
export { isRunFileOfHere, runVariable, writeRunFile } from './run-file.js';
export { endSurvivors, type Survivor } from './survivors.js';
export { findProcess, type ProcessEntry } from './processes.js';
export { openStateFile, readStateFile, writeStateFile } from './state-file.js';
export { makeFolder, makeStateDirectory } from './state-directory.js';
