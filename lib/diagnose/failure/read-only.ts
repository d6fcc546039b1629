import { diagnosisProblem } from '../diagnosis.js';
import { whyUnwritable } from '../server/writable.js';
import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';

/** Why a transaction only reads (25006): the server is a standby, or the role's transactions are so by default. */
export async function explainReadOnly(_symptom: Symptom, { database }: Scene): Promise<Cause | undefined> {
  const found = await whyUnwritable(database);
  if (!found) return undefined;
  const { code, message, help, notes = [] } = diagnosisProblem(found);
  return { code, message, notes, ...(help === undefined ? {} : { help }) };
}
