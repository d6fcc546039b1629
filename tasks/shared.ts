import * as z from 'zod/mini';
import { defineTask, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { inspect, states } from '../lib/django/index.js';
import { applyTo } from './migrations/apply.js';
import { withOwed } from './migrations/owed.js';
import { planOf } from './migrations/pending.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** What `manage.py migrate_schemas --shared` does. */
export const shared = defineTask({
  kind: 'shared',
  description: 'Applies the migrations to the public schema of a project with tenants.',
  options,
  host: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { tenancy } = await inspect(ctx.host);
  if (!tenancy) return { action: 'skip', reason: 'the project has no tenants' };
  return withOwed(ctx, planOf(await states(ctx.host, { scope: 'public' })));
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy, publicSchema } = await inspect(ctx.host);
  return tenancy ? applyTo(ctx, publicSchema) : { changed: false, summary: 'the project has no tenants' };
}
