import * as z from 'zod/mini';
import { defineTask, type Json, type Plan, type TaskContext, type TaskResult } from '../config/define.js';
import type { Flushed } from '../lib/django/index.js';
import type { Problem } from '../lib/errors/index.js';
import { askServer } from '../lib/postgres/index.js';
import { counted } from '../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Rows of all models are gone afterwards, in the public schema and in every tenant's; tenants stay. */
export const flush = defineTask({
  kind: 'flush',
  description: "Empties the tables of the models in every schema, and keeps the tenants' rows and domains.",
  options,
  host: true,
  destructive: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { remains } = await remembered(ctx);
  const answer = await ctx.host.request<Flushed>('flush', { plan: true, remains });
  refuseBlocked(ctx, answer);
  const { rows, tables, schemas } = totals(answer);
  if (rows === 0) return { action: 'up-to-date', reason: `all tables are empty${kept(answer)}` };
  return {
    action: 'run',
    reason: `${counted(rows, 'row')} in ${counted(tables, 'table')} of ${counted(schemas, 'schema')} would be deleted${kept(answer)}`,
  };
}

async function run(ctx: Context): Promise<TaskResult> {
  const { remains } = await remembered(ctx);
  const database = (await askServer(ctx.database)).identity;
  const answer = await ctx.host.request<Flushed>('flush', { plan: false, remains, database }, (event) => {
    if (event.type !== 'schema') return;
    const rows = Number(event.rows);
    const reason = `${counted(rows, 'row')} deleted`;
    ctx.tenantEnd({ schema: String(event.schema), status: rows > 0 ? 'changed' : 'unchanged', reason });
  });
  refuseBlocked(ctx, answer);
  await ctx.ledger.set('remains', answer.remains);
  const { rows, tables, schemas } = totals(answer);
  const gone = answer.dataMigrations.map(({ app, name }) => `${app}.${name}`);
  const warnings: Problem[] =
    rows > 0 && gone.length > 0
      ? [
          {
            code: 'DBB6035',
            severity: 'warning',
            message: `what these data migrations wrote into emptied tables is gone: ${gone.join(', ')}`,
            help: 'these migrations stay recorded as applied; let a "command" or "sql" task write such rows again',
          },
        ]
      : [];
  return {
    changed: rows > 0,
    summary: `${
      rows === 0
        ? 'all tables were empty'
        : `${counted(rows, 'row')} of ${counted(tables, 'table')} deleted in ${counted(schemas, 'schema')}`
    }${kept(answer)}`,
    details: { schemas: answer.schemas, dataMigrations: gone, kept: answer.kept, hidden: answer.hidden },
    warnings,
  };
}

/** What the project's own handlers had made again after the last flush: those rows count as empty. */
async function remembered(ctx: Context): Promise<{ remains: Readonly<Record<string, Json>> }> {
  const remains = await ctx.ledger.get('remains');
  return { remains: isRecord(remains) ? remains : {} };
}

function isRecord(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseBlocked(ctx: Context, answer: Flushed): void {
  const [first, ...others] = answer.blocked;
  if (first === undefined) return;
  const owner = answer.hidden.find((schema) => first.table.startsWith(`${schema}.`));
  const what =
    owner === undefined
      ? 'which is not a table of the models'
      : `of a tenant that the tenant model's manager hides`;
  throw ctx.fail({
    code: 'DBB6034',
    message: `table "${first.refersTo}" cannot be emptied: rows of "${first.table}", ${what}, refer to it`,
    notes: [
      ...others.map((one) => ({ label: 'also', text: `"${one.table}" refers to "${one.refersTo}"` })),
      { label: 'not done', text: 'no table was emptied' },
    ],
    help: `delete the rows of "${first.table}" yourself, then run again`,
  });
}

/** What is left alone and looks as if it were not: rows of tenants that the project hides. */
function kept({ hidden }: Flushed): string {
  if (hidden.length === 0) return '';
  const names = hidden.slice(0, 5).map((schema) => `"${schema}"`);
  const others = hidden.length > names.length ? ` and ${String(hidden.length - names.length)} more` : '';
  return `; ${counted(hidden.length, 'tenant')} that the tenant model's manager hides kept: ${names.join(', ')}${others}`;
}

function totals(answer: Flushed): { rows: number; tables: number; schemas: number } {
  const full = answer.schemas.filter((schema) => schema.rows > 0);
  return {
    rows: full.reduce((sum, schema) => sum + schema.rows, 0),
    tables: full.reduce((sum, schema) => sum + schema.tables, 0),
    schemas: full.length,
  };
}
