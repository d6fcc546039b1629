import { availableParallelism } from 'node:os';
import * as z from 'zod/mini';
import { defineTask, described, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import { inspect, states, tenantRows, type MigrationStates, type Timeouts } from '../lib/django/index.js';
import { BootstrapError, type Problem } from '../lib/errors/index.js';
import {
  rowWithoutSchema,
  capacityOf,
  FailureLimit,
  partsOf,
  rollOut,
  smallFirst,
  type RolloutOptions,
} from '../lib/fleet/index.js';
import { applyTo, withWayOn } from './migrations/apply.js';
import { failed, summaryOf, withCounts } from './migrations/fleet-end.js';
import { removeLeftovers } from './migrations/leftovers.js';
import { owe, owedSchemas, settle, withOwed } from './migrations/owed.js';
import { behind, planOf, refuseConflicts } from './migrations/pending.js';
import { abortAfter, limitOf, rollout, wavesOf } from './migrations/waves.js';
import { duration, milliseconds } from './duration.js';
import { counted } from '../lib/text/index.js';

const options = z.strictObject({
  rollout,
  abortAfter,
  lockTimeout: described(
    z._default(duration, '5s'),
    "How long a statement waits for a table that others hold; after a few tries the tenant has failed. 0: as the server's setting is",
  ),
  postMigrate: described(
    z._default(z.enum(['auto', 'always', 'never']), 'auto'),
    "When Django's post_migrate is sent in every tenant. auto: where the project listens to it; else its content types and permissions are added as they are. never: none are",
  ),
  statementTimeout: described(
    z._default(duration, 0),
    "How long a statement may take. 0: as the server's setting is",
  ),
});

type Context = TaskContext<z.output<typeof options>>;

/** What `manage.py migrate_schemas --tenant` does, for every tenant that has a row. */
export const tenantMigrations = defineTask({
  kind: 'tenant-migrations',
  description:
    "Applies the migrations to every tenant's schema; a tenant that fails does not stop the others.",
  options,
  host: true,
  plan,
  run,
});

/** An attempt does what its plan has found: the states of a large fleet are read once. */
const planned = new WeakMap<Context, Promise<MigrationStates>>();

function tenantStates(ctx: Context): Promise<MigrationStates> {
  const found = planned.get(ctx) ?? states(ctx.host, { scope: 'tenants' });
  planned.set(ctx, found);
  return found;
}

async function plan(ctx: Context): Promise<Plan> {
  const { tenancy, publicSchema } = await inspect(ctx.host);
  if (!tenancy) return { action: 'skip', reason: 'the project has no tenants' };
  const found = await tenantStates(ctx);
  const existing = new Set([publicSchema, ...found.schemas.map(({ schema }) => schema)]);
  const missing = ctx.tenants.filter(({ schema }) => !existing.has(schema)).length;
  if (missing > 0 && found.conflicts.length === 0) {
    return { action: 'run', reason: `${counted(missing, 'configured tenant')} yet to be created` };
  }
  if (found.schemas.length === 0 && found.conflicts.length === 0) {
    return { action: 'up-to-date', reason: 'there are no tenants yet' };
  }
  return withOwed(ctx, await withHow(ctx, planOf(found), behind(found)), (schema) => existing.has(schema));
}

/** The plan with how the work would be done: connections at a time, and waves. */
async function withHow(ctx: Context, plan: Plan, members: MigrationStates['schemas']): Promise<Plan> {
  if (plan.action !== 'run' || members.length < 2) return plan;
  const { connections } = await capacityOf(ctx.database, ctx.concurrency);
  const waves = partsOf(members, wavesOf(ctx.options.rollout)).map((part) => part.members.length);
  const how = `${counted(connections, 'connection')} at a time`;
  const inWaves = waves.length > 1 ? `, in waves of ${waves.join(', ')}` : '';
  return { ...plan, reason: `${plan.reason}; ${how}${inWaves}` };
}

function timeoutsOf({ options }: Context): Timeouts {
  const lock = milliseconds(options.lockTimeout);
  const statement = milliseconds(options.statementTimeout);
  return {
    ...(lock > 0 ? { lock_timeout: lock } : {}),
    ...(statement > 0 ? { statement_timeout: statement } : {}),
  };
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy, multiType } = await inspect(ctx.host);
  if (!tenancy) return { changed: false, summary: 'the project has no tenants' };
  const found = await tenantStates(ctx);
  refuseConflicts(found.conflicts);
  const members = behind(found);
  const pending = new Set(members.map(({ schema }) => schema));
  const owed = await owedSchemas(ctx);
  for (const { schema } of found.schemas) {
    if (!pending.has(schema)) ctx.tenantEnd({ schema, status: 'up-to-date' });
  }
  const lost = await withoutSchema(ctx, members);
  const failures: { readonly schema: string; readonly problems: readonly Problem[] }[] = [];
  const fail = (schema: string, problems: readonly [Problem, ...Problem[]]): void => {
    failures.push({ schema, problems });
    ctx.tenantEnd({ schema, status: 'failed', reason: problems[0].message, problem: problems[0] });
  };
  let done = 0;
  // Those that are on their way count for the part that they have come.
  const parts = new Map<string, number>();
  const draw = (): void => {
    const under = [...parts.values()].reduce((sum, part) => sum + part, 0);
    ctx.log.progress(Math.floor(done + under), members.length, failures.length);
  };
  const progress = (): void => {
    done += 1;
    draw();
  };
  const limit = new FailureLimit(limitOf(ctx.options.abortAfter), members.length);
  for (const schema of lost) {
    fail(schema, [rowWithoutSchema(schema, ctx.tenants)]);
    limit.note();
    progress();
  }
  const types = multiType ? await typesOf(ctx) : undefined;
  const waiting = members
    .filter(({ schema }) => !lost.has(schema))
    .map((member) => ({ ...member, type: types?.get(member.schema) ?? null }));
  // Each of a large fleet reads the catalog for some time.
  const [capacity, { invalid, removed }, ordered] = await Promise.all([
    capacityOf(ctx.database, ctx.concurrency),
    removeLeftovers(ctx, [...pending], owed),
    found.ordered ? waiting : smallFirst(ctx.database, waiting),
  ]);
  const bare = new Set(members.flatMap(({ schema, applied }) => (applied === 0 ? [schema] : [])));
  const invalidIn = (schema: string): string[] =>
    invalid.flatMap((index) => (index.schema === schema ? [index.name] : []));
  const isCreated = (schema: string): boolean => bare.has(schema) || owed.get(schema)?.created === true;
  const rollout: Omit<RolloutOptions, 'hosts'> = {
    database: ctx.database,
    capacity,
    timeouts: timeoutsOf(ctx),
    waves: wavesOf(ctx.options.rollout),
    postMigrate: ctx.options.postMigrate,
    limit,
    goesOnPastFailures: ctx.options.abortAfter !== undefined,
    onNote: (text) => ctx.log.info(text),
    debts: {
      owe: (schema) => owe(ctx, schema, { invalid: invalidIn(schema), created: isCreated(schema) }),
      isOwed: (schema) => owed.has(schema),
      isCreated: (schema) => !owed.has(schema) && isCreated(schema),
      // What an earlier run left open, a replay of what is pending does not make up for: it is done below.
      settle: async (schema) => {
        if (!owed.has(schema)) await settle(ctx, schema);
      },
    },
    invalid,
    members: ordered,
    signal: ctx.signal,
    onAdvance: (schema, part) => {
      parts.set(schema, part);
      draw();
    },
    onEnd: (end) => {
      parts.delete(end.schema);
      if (end.status === 'failed') fail(end.schema, withWayOn(end.error, ctx.task).problems);
      else if (end.status === 'migrated')
        ctx.tenantEnd({ schema: end.schema, status: end.status, ms: end.ms });
      else ctx.tenantEnd(end);
      if (end.status !== 'not-tried') progress();
    },
  };
  const { ends, stopped } = await ctx.host.withPeers(
    Math.min(capacity.connections, availableParallelism()),
    ([first = ctx.host, ...others]) => rollOut({ ...rollout, hosts: [first, ...others] }),
  );
  if (stopped) throw withCounts(stopped, ends);
  if (ctx.signal.aborted) throw withCounts(interruption(ctx), ends);
  // With nothing pending, what is left of Django's command is post_migrate.
  const migrated = new Set(ends.flatMap((end) => (end.status === 'migrated' ? [end.schema] : [])));
  for (const { schema } of found.schemas)
    if (owed.has(schema) && (!pending.has(schema) || migrated.has(schema)))
      await applyTo(ctx, schema, {
        postMigrate: ctx.options.postMigrate !== 'never',
        created: isCreated(schema),
      });
  if (failures.length > 0) throw failed(ctx.task, found, failures, ends);
  const summary = summaryOf(ends, found.schemas.length);
  return removed.length === 0 ? summary : { ...summary, warnings: removed };
}

/** The type of each tenant, by its schema. */
async function typesOf({ host }: Context): Promise<ReadonlyMap<string, string | null>> {
  const { tenants } = await tenantRows(host);
  return new Map(tenants.map(({ schema, type }) => [schema, type]));
}

/** Tenants that have a row and no schema; asked only where a schema without any record makes it possible. */
async function withoutSchema(
  ctx: Context,
  members: MigrationStates['schemas'],
): Promise<ReadonlySet<string>> {
  if (members.every(({ applied }) => applied > 0)) return new Set();
  const { tenants } = await tenantRows(ctx.host);
  return new Set(tenants.filter(({ schemaExists }) => !schemaExists).map(({ schema }) => schema));
}

function interruption({ task }: Context): BootstrapError {
  return new BootstrapError({ code: 'DBB5020', message: `task "${task}" was interrupted` });
}
