import type { TaskContext, TaskResult } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { owe, owedSchemas, settle } from './owed.js';
import { allApplied, label } from './pending.js';
import { counted } from '../../lib/text/index.js';

/** Migrates one schema to the newest state; `null` is plain Django's. */
export async function applyTo(
  ctx: TaskContext<unknown>,
  schema: string | null,
  { created = false, ...options }: { readonly postMigrate?: boolean; readonly created?: boolean } = {},
): Promise<TaskResult> {
  try {
    const again = (await owedSchemas(ctx)).has(schema ?? '');
    await owe(ctx, schema ?? '', { invalid: [], created });
    const { applied, ms } = await migrate(ctx.host, { schema, created, again, ...options });
    await settle(ctx, schema ?? '');
    if (applied.length === 0) return { changed: false, summary: allApplied(1) };
    return {
      changed: true,
      summary: `${counted(applied.length, 'migration')} applied`,
      details: { applied: applied.map(label), ms },
    };
  } catch (error) {
    throw error instanceof BootstrapError ? withWayOn(error, ctx.task) : error;
  }
}

/** A failed migration says how to go on once its cause is corrected. */
export function withWayOn(error: BootstrapError, task: string): BootstrapError {
  const [first, ...rest] = error.problems.map((problem): Problem =>
    problem.code === 'DBB6011' && problem.help === undefined
      ? { ...problem, help: `correct the cause, then run "db-bootstrap run --from ${task}"` }
      : problem,
  );
  return first === undefined ? error : new BootstrapError([first, ...rest], { cause: error });
}
