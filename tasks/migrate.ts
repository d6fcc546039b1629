import * as z from 'zod/mini';
import { defineTask, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { inspect, states } from '../lib/django/index.js';
import { applyTo } from './migrations/apply.js';
import { withOwed } from './migrations/owed.js';
import { planOf } from './migrations/pending.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

const replaced = 'django_tenants replaces migrate: shared and tenant-migrations do this work';

/** What `manage.py migrate` does in a project without tenants. */
export const migrate = defineTask({
  kind: 'migrate',
  description: "Applies the project's migrations, in a project without tenants.",
  options,
  host: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { tenancy } = await inspect(ctx.host);
  if (tenancy) return { action: 'up-to-date', reason: replaced };
  return withOwed(ctx, planOf(await states(ctx.host, { scope: 'public' })));
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy } = await inspect(ctx.host);
  return tenancy ? { changed: false, summary: replaced } : applyTo(ctx, null);
}
