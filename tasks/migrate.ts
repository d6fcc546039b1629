import * as z from 'zod/mini';
import { defineTask, type Json, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { inspect, states } from '../lib/django/index.js';
import { BootstrapError } from '../lib/errors/index.js';
import { contextIn, databases, named, othersOf } from './databases.js';
import { applyTo } from './migrations/apply.js';
import { withOwed } from './migrations/owed.js';
import { planOf } from './migrations/pending.js';

const options = z.strictObject({ databases });

type Context = TaskContext<z.output<typeof options>>;

const replaced = 'django_tenants replaces migrate: shared and tenant-migrations do this work';

/** What `manage.py migrate` does: in the main database of a project without tenants, and with `--database` in others. */
export const migrate = defineTask({
  kind: 'migrate',
  description:
    "Applies the project's migrations, in a project without tenants, and in other databases of the settings.",
  options,
  host: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { tenancy } = await inspect(ctx.host);
  const main: Plan = tenancy ? { action: 'up-to-date', reason: replaced } : await planIn(ctx);
  const plans = [main];
  for (const alias of await othersOf(ctx, ctx.options.databases)) {
    const { reason, ...rest } = await planIn(contextIn(ctx, alias));
    plans.push({ ...rest, reason: `${named(alias)}: ${reason}` });
  }
  const due = plans.filter(({ action }) => action === 'run');
  if (due.length === 0) return { ...main, reason: reasons(plans) };
  const details = due.flatMap((each) => (Array.isArray(each.details) ? (each.details as Json[]) : []));
  return { action: 'run', reason: reasons(due), details };
}

function reasons(plans: readonly Plan[]): string {
  return plans.map(({ reason }) => reason).join('; ');
}

async function planIn(ctx: Context): Promise<Plan> {
  return withOwed(ctx, planOf(await states(ctx.host, { scope: 'public' })));
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy } = await inspect(ctx.host);
  const others = await othersOf(ctx, ctx.options.databases);
  const notDone = (from: number) => withRest(others.slice(from));
  const main = tenancy ? { changed: false, summary: replaced } : await applyTo(ctx, null).catch(notDone(0));
  if (others.length === 0) return main;
  const results: TaskResult[] = [main];
  for (const [index, alias] of others.entries()) {
    ctx.log.progress(index, others.length, 0);
    const result = await applyTo(contextIn(ctx, alias), null).catch(notDone(index + 1));
    results.push({ ...result, summary: `${named(alias)}: ${result.summary}` });
  }
  return {
    changed: results.some(({ changed }) => changed),
    summary: results.map(({ summary }) => summary).join('; '),
    details: results.map(({ details = null }) => details),
  };
}

/** Adds the databases that come after the one that failed. */
function withRest(rest: readonly string[]): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof BootstrapError) || rest.length === 0) throw error;
    const [first, ...others] = error.problems;
    const notDone = { label: 'not done', text: `${rest.map(named).join(', ')} not migrated` };
    const problem = { ...first, notes: [...(first.notes ?? []), notDone] };
    throw new BootstrapError([problem, ...others], { cause: error });
  };
}
