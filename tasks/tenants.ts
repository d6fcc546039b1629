import * as z from 'zod/mini';
import {
  defineTask,
  described,
  nonEmpty,
  type Plan,
  type TaskContext,
  type TaskResult,
} from '../config/define.js';
import type { EnsuredTenant, EnsuredTenants, Inspection, TenantProblem } from '../lib/django/index.js';
import { BootstrapError, type Problem } from '../lib/errors/index.js';
import { placeOfTenant } from './tenants/place.js';
import { problemOfTenant } from './tenants/problem.js';
import { counted } from '../lib/text/index.js';

const values = z.record(z.string(), z.json());

const options = z.strictObject({
  update: described(
    z._default(z.boolean(), false),
    'Bring the fields of tenants that exist already to the values of the config.',
  ),
  public: described(
    z._default(
      z.union([
        z.literal(false),
        z.strictObject({
          domain: described(z.optional(nonEmpty), 'The primary domain of the public tenant.'),
          domains: described(z.optional(z.array(nonEmpty)), 'More domains of the public tenant.'),
          fields: described(z.optional(values), 'Field values of the tenant model.'),
          domainFields: described(z.optional(values), 'Field values of the domain model.'),
        }),
      ]),
      false,
    ),
    'The row and the domain of the public tenant; its schema is never made here.',
  ),
});

type Context = TaskContext<z.output<typeof options>>;

/** Row, domains and an empty schema of each configured tenant exist afterwards, whatever was there before. */
export const tenants = defineTask({
  kind: 'tenants',
  description: 'Ensures the row, the domains and an empty schema of every configured tenant.',
  options,
  host: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  if (wantsNone(ctx)) return { action: 'skip', reason: 'no tenants are configured' };
  await requireTenancy(ctx);
  const answer = await ask(ctx, true);
  if (answer.problems.length > 0) throw failure(ctx, answer.problems);
  if (answer.missing !== undefined) return { action: 'run', reason: `${answer.missing} yet` };
  const pending = answer.tenants.filter((tenant) => tenant.status !== 'unchanged');
  if (pending.length === 0) return { action: 'up-to-date', reason: allExist(answer.tenants.length) };
  return {
    action: 'run',
    reason: count(pending, 'to create', 'to change'),
    details: pending.map(({ schema, done }) => ({ schema, todo: done })),
  };
}

async function run(ctx: Context): Promise<TaskResult> {
  if (wantsNone(ctx)) return { changed: false, summary: 'no tenants are configured' };
  await requireTenancy(ctx);
  const answer = await ask(ctx, false, (end) => {
    for (const field of end.kept)
      ctx.log.info(`${end.schema}: field "${field}" keeps its value (update: false)`);
    ctx.tenantEnd({
      schema: end.schema,
      status: end.status,
      ...(end.done.length > 0 ? { reason: end.done.join(', ') } : {}),
    });
  });
  if (answer.missing !== undefined) {
    throw ctx.fail({
      code: 'DBB6022',
      message: `${answer.missing}, so no tenant can be stored`,
      help: 'run the task "shared" first: it migrates the public schema',
    });
  }
  if (answer.problems.length > 0) throw failure(ctx, answer.problems, answer.tenants.length);
  const changes = answer.tenants.filter((tenant) => tenant.status !== 'unchanged');
  return {
    changed: changes.length > 0,
    summary: changes.length === 0 ? allExist(answer.tenants.length) : count(changes, 'created', 'changed'),
    details: answer.tenants.map(({ schema, status, done }) => ({ schema, status, done })),
    warnings: changes.flatMap(halfWay),
  };
}

/** The warning for a tenant whose row or schema was missing: somebody may have deleted it. */
function halfWay({ schema, status, done }: EnsuredTenant): readonly Problem[] {
  const warning = (code: 'DBB6019' | 'DBB6020', message: string, help: string): readonly Problem[] => [
    { code, severity: 'warning', message, help, facts: { schema } },
  ];
  if (status === 'changed' && done.includes('schema'))
    return warning(
      'DBB6019',
      `tenant "${schema}" had a row, but no schema: an empty schema was created`,
      'restore the data of this tenant from a backup, if its schema was dropped',
    );
  if (done.includes('adopted the schema that was there'))
    return warning(
      'DBB6020',
      `schema "${schema}" had no tenant row: tenant "${schema}" was created, and owns the schema as it is`,
      `drop the schema before the next run, if tenant "${schema}" should start empty`,
    );
  return [];
}

function wantsNone(ctx: Context): boolean {
  return ctx.tenants.length === 0 && ctx.options.public === false;
}

async function requireTenancy(ctx: Context): Promise<void> {
  const { tenancy, settingsModule } = await ctx.host.request<Inspection>('inspect');
  if (tenancy) return;
  throw ctx.fail({
    code: 'DBB6018',
    message: `tenants are configured, but "django_tenants" is not in INSTALLED_APPS of ${settingsModule}`,
    help: 'remove "tenants" from the config, or use the preset "django"',
  });
}

async function ask(
  ctx: Context,
  planning: boolean,
  onTenant?: (end: EnsuredTenant) => void,
): Promise<EnsuredTenants> {
  const params = {
    tenants: ctx.tenants,
    public: ctx.options.public === false ? null : ctx.options.public,
    update: ctx.options.update,
    plan: planning,
  };
  return await ctx.host.request<EnsuredTenants>('ensureTenants', params, (event) => {
    if (event.type !== 'tenant') return;
    if (event.status === 'failed') {
      const problem = placed(ctx, event.problem as TenantProblem);
      ctx.tenantEnd({ schema: String(event.schema), status: 'failed', reason: problem.message, problem });
    } else {
      onTenant?.(event as unknown as EnsuredTenant);
    }
  });
}

function failure(ctx: Context, problems: readonly TenantProblem[], done?: number): Error {
  const note =
    done === undefined || problems.some((problem) => problem.kind !== 'failed')
      ? 'no tenant was changed'
      : notDone(problems.length, done);
  const [first, ...rest] = problems.map((problem) => placed(ctx, problem));
  if (first === undefined) throw new Error('a failure without a problem');
  const noted: Problem = { ...first, notes: [...(first.notes ?? []), { label: 'not done', text: note }] };
  return rest.length === 0 ? ctx.fail(noted) : new BootstrapError([noted, ...rest]);
}

function notDone(failed: number, done: number): string {
  if (done > 0) return `${failed} of ${failed + done} tenants; the others are done`;
  return failed === 1 ? 'the tenant' : `all ${failed} tenants`;
}

function placed(ctx: Context, problem: TenantProblem): Problem {
  const place = placeOfTenant(ctx, problem);
  return { ...problemOfTenant(problem), ...(place === undefined ? {} : { place }) };
}

function allExist(total: number): string {
  return total === 1 ? 'the tenant exists' : `all ${total} tenants exist`;
}

function count(tenants: readonly EnsuredTenant[], created: string, changed: string): string {
  const made = tenants.filter((tenant) => tenant.status === 'created').length;
  const parts = [
    made > 0 ? `${counted(made, 'tenant')} ${created}` : '',
    tenants.length > made
      ? `${tenants.length - made}${made > 0 ? '' : tenants.length === 1 ? ' tenant' : ' tenants'} ${changed}`
      : '',
  ];
  return parts.filter(Boolean).join(', ');
}
