export { databaseLedger } from './database-ledger.js';
export { fileLedger, noLedger, type FileLedgerOptions } from './file-ledger.js';
