import type { Rule } from '../rule.js';
import { connection } from './connection.js';
import { proofDatabases } from './left-proofs.js';
import { limits } from './limits.js';
import { pooler } from './pooler.js';
import { privileges } from './privileges.js';
import { serverVersion } from './version.js';
import { writable } from './writable.js';

/** Faults of the server and of the database in it. */
export const serverRules: readonly Rule[] = [
  connection,
  pooler,
  serverVersion,
  writable,
  limits,
  privileges,
  proofDatabases,
];
