import type { TaskContext } from '../../config/define.js';

/**
 * Schemas whose migrating was begun and not seen to its end. Django records a migration before its last step, post_migrate, has added
 * content types and permissions: who is killed in between leaves a schema that looks done.
 */
export async function owedSchemas({ ledger }: TaskContext<unknown>): Promise<readonly string[]> {
  const value = await ledger.get('owed');
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** Notes schemas before they are migrated. */
export async function owe({ ledger }: TaskContext<unknown>, schemas: readonly string[]): Promise<void> {
  await ledger.set('owed', [...schemas]);
}

/** All of them are done. */
export async function settle({ ledger }: TaskContext<unknown>): Promise<void> {
  await ledger.delete('owed');
}

/** Why a task runs although every migration is recorded. */
export function owedReason(schemas: readonly string[]): string {
  return `migrating was interrupted in ${schemas.length === 1 ? `schema "${schemas[0] ?? ''}"` : `${String(schemas.length)} schemas`}, and is brought to its end`;
}
