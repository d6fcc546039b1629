import { z } from 'zod';
import { defineTask, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { inspect, states } from '../lib/django/index.js';
import { applyTo } from './migrations/apply.js';
import { owe, owedReason, owedSchemas, settle } from './migrations/owed.js';
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
  const owed = await owedSchemas(ctx);
  const planned = planOf(await states(ctx.host, { scope: 'public' }));
  return planned.action === 'up-to-date' && owed.length > 0
    ? { action: 'run', reason: owedReason(owed) }
    : planned;
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy, publicSchema } = await inspect(ctx.host);
  if (!tenancy) return { changed: false, summary: 'the project has no tenants' };
  await owe(ctx, [publicSchema]);
  const result = await applyTo(ctx, publicSchema);
  await settle(ctx);
  return result;
}
