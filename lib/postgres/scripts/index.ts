export { classifyInitFile, orderInitFiles, type InitFileKind, type InitFileOrder } from './files.js';
export {
  parsePsqlError,
  placeInScript,
  plainPsqlOutput,
  type PsqlError,
  type ScriptPlace,
} from './psql-error.js';
export { judgeRepeatable, type Repeatability } from './repeatable.js';
export { characterOffset, splitScript, type SplitRefusal, type SplitStatement } from './split.js';
