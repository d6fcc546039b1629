export { connect, disconnect, hasEnded, type DatabaseOptions } from './connect.js';
export { Database, type DatabaseClient } from './database.js';
export { longestName, quoteIdentifier, quoteLiteral } from './identifiers.js';
export { askCatalog } from './catalog/ask-catalog.js';
export { compareObjects, contentOf, mentions, type Difference } from './catalog/compare-objects.js';
export {
  digestSchemas,
  objectsStatement,
  readObjects,
  withText,
  type CatalogObject,
} from './catalog/objects.js';
export { keywordVariable } from './keyword-variable.js';
export { errorInOutput, sentenceIn, type OutputError } from './output-error.js';
export { sqlstateOfOutput } from './output-sqlstate.js';
export { isNotYet } from './not-yet.js';
export { passwordFromFile } from './password-file.js';
export { isPooled, processOf, withinPool } from './pool-room.js';
export { problemOf } from './problem-of.js';
export {
  maskedUrl,
  resolveConnection,
  withDatabase,
  type ConnectionParameters,
} from './resolve-connection.js';
export { safePath, withRolePath } from './safe-path.js';
export { askServer, type ServerSays } from './server-says.js';
export {
  endSessions,
  readerSuffix,
  survivorsOf,
  terminateSurvivors,
  type SurvivingBackend,
} from './survivors.js';
export { classifyInitFile, orderInitFiles, type InitFileKind, type InitFileOrder } from './scripts/files.js';
export {
  parsePsqlError,
  placeInScript,
  plainPsqlOutput,
  type PsqlError,
  type ScriptPlace,
} from './scripts/psql-error.js';
export { openTransaction, type OpenTransaction } from './scripts/open-transaction.js';
export { scanScript } from './scripts/scan.js';
export { decodeScript } from './scripts/decode.js';
export { asOneTransaction, type TransactionRefusal } from './scripts/one-transaction.js';
export { judgeRepeatable, type Repeatability } from './scripts/repeatable.js';
export { characterOffset, splitScript, type SplitRefusal, type SplitStatement } from './scripts/split.js';
