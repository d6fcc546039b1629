import type { Json, Plan, TaskContext } from '../../config/define.js';

// Django records a migration before its last step, post_migrate, has added content types and permissions: who is killed in between
// leaves a schema that looks done. So each schema is noted while Django migrates it.
const prefix = 'owed ';

/** What is known of a schema whose migrating was begun and not seen to its end. */
export interface Owed {
  /** Names of its indexes that had been invalid before. */
  readonly invalid: readonly string[];
  /** It had recorded nothing: receivers of django_tenants' `post_schema_sync` have not been called for it. */
  readonly created?: boolean;
}

/** Notes a schema before Django migrates it; "" is plain Django's. */
export async function owe(
  { ledger }: TaskContext<unknown>,
  schema: string,
  { invalid, created = false }: Owed = { invalid: [] },
): Promise<void> {
  await ledger.set(`${prefix}${schema}`, invalid.length === 0 && !created ? true : { invalid, created });
}

/** The schema is wholly done. */
export async function settle({ ledger }: TaskContext<unknown>, schema: string): Promise<void> {
  await ledger.delete(`${prefix}${schema}`);
}

/** Schemas whose migrating was begun and not seen to its end. */
export async function owedSchemas({ ledger }: TaskContext<unknown>): Promise<ReadonlyMap<string, Owed>> {
  const entries = [...(await ledger.entries())].filter(([key]) => key.startsWith(prefix));
  return new Map(entries.map(([key, value]) => [key.slice(prefix.length), owedOf(value)]));
}

function owedOf(value: Json): Owed {
  if (typeof value !== 'object' || value === null || !('invalid' in value)) return { invalid: [] };
  const { invalid, created } = value;
  return { invalid: Array.isArray(invalid) ? invalid.map(String) : [], created: created === true };
}

/** The plan of a task that migrates: where every migration is recorded, it still runs for schemas that are owed their end. */
export async function withOwed(
  ctx: TaskContext<unknown>,
  planned: Plan,
  isThere: (schema: string) => boolean = () => true,
): Promise<Plan> {
  if (planned.action !== 'up-to-date') return planned;
  const owed = [...(await owedSchemas(ctx)).keys()].filter(isThere);
  const [first] = owed;
  if (first === undefined) return planned;
  const where =
    owed.length > 1 ? ` in ${String(owed.length)} schemas` : first === '' ? '' : ` in schema "${first}"`;
  return { action: 'run', reason: `migrating broke off${where}, and is brought to its end` };
}
