export { databaseLedger } from './database-ledger.js';
export { isUnfinished } from './unfinished.js';
export { fileLedger, noLedger, type FileLedgerOptions } from './file-ledger.js';
