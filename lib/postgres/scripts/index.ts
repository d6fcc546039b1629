export { classifyInitFile, orderInitFiles, type InitFileKind, type InitFileOrder } from './files.js';
export {
  parsePsqlError,
  placeInScript,
  withoutLocations,
  type PsqlError,
  type ScriptPlace,
} from './psql-error.js';
export { judgeRepeatable, type Repeatability } from './repeatable.js';
export { splitScript, type SplitRefusal, type SplitStatement } from './split.js';
