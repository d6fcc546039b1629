export { clientConfig } from './client-config.js';
export { connect, Database, type DatabaseClient, type DatabaseOptions } from './database.js';
export { quoteIdentifier, quoteLiteral } from './identifiers.js';
export { sqlstateOfOutput } from './output-sqlstate.js';
export { isNotYet, problemOf, statementExcerpt } from './problem-of.js';
export { resolveConnection, withDatabase, type ConnectionParameters } from './resolve-connection.js';
export { terminateSurvivors, type SurvivingBackend } from './survivors.js';
