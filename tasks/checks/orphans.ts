import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type Repair,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../../config/define.js';
import {
  expectedRules,
  shownTenants,
  type ExpectedRules,
  type TenantLayout,
} from '../../lib/django/index.js';
import { rowWithoutSchema } from '../../lib/fleet/index.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { limitFindings } from './limit.js';
import { qualified, regclass, sqlstateOf } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;

/** Rows, schemas and domains of tenants that have lost each other. */
export const checkOrphans = defineTask({
  kind: 'check-orphans',
  description:
    'No tenant row is without its schema, no schema of a tenant without its row, and no domain without its tenant.',
  options,
  host: true,
  check: true,
  run,
  fix,
});

interface Orphan {
  readonly kind: 'row' | 'schema' | 'domain' | 'hidden';
  /** Of a hidden one: the table whose rows the role may not see. */
  readonly name: string;
  /** Of a domain: the tenant that it refers to, by its key. */
  readonly owner: string | null;
}

async function run({ database, host, tenants }: Context): Promise<TaskResult> {
  const rules = await expectedRules(host);
  if (!rules.tenancy) return { changed: false, summary: 'the project has no tenants' };
  const isShown = await shownTenants(host);
  const found = (await findOrphans(database, rules)).filter(
    ({ kind, name }) => kind !== 'row' || isShown(name),
  );
  const hidden = found.filter(({ kind }) => kind === 'hidden');
  // The tenant row of such a schema may be hidden from the role.
  const schemas = found.filter(({ kind }) => kind === 'schema').map(({ name }) => name);
  const orphans = hidden.length > 0 ? found.filter(({ kind }) => kind !== 'schema') : found;
  return {
    changed: false,
    summary:
      hidden.length > 0
        ? `what belongs together cannot be known: row level security may hide rows of ${counted(hidden.length, 'table')}`
        : orphans.length === 0
          ? 'rows, schemas and domains belong together'
          : `${counted(orphans.length, 'orphan')}: rows, schemas or domains without what belongs to them`,
    findings: limitFindings(
      orphans.map((orphan) =>
        orphan.kind === 'hidden'
          ? hiddenRows(orphan.name, database.user, orphan.name === rules.tenants?.schema.table ? schemas : [])
          : finding(orphan, rules, tenants),
      ),
      'orphans',
    ),
  };
}

/**
 * The finding that row level security may hide rows. A tenant with a hidden row is not migrated. `schemas` have migrations and no visible
 * tenant row.
 */
function hiddenRows(table: string, role: string, schemas: readonly string[]): Finding {
  const [first, ...others] = schemas;
  const more = others.length === 0 ? 'holds' : `and ${counted(others.length, 'other')} hold`;
  return {
    code: 'DBB6095',
    severity: first === undefined ? 'warning' : 'error',
    message: `row level security may hide rows of table "${table}" from role "${role}": ${
      first === undefined
        ? 'what has no tenant cannot be known'
        : `schema "${first}" ${more} migrations but no visible tenant row, and hidden tenants are not migrated`
    }`,
    help: `run as a superuser: alter role ${quoteIdentifier(role)} bypassrls;`,
    subject: { table },
  };
}

async function findOrphans(database: TaskClient, rules: ExpectedRules): Promise<readonly Orphan[]> {
  const { tenants: layout, publicSchema, templates } = rules;
  if (!layout) return [];
  const tenants = qualified(publicSchema, layout.schema.table);
  const schema = quoteIdentifier(layout.schema.column);
  try {
    const found = await database.query<Orphan>(
      `select 'row' as kind, t.${schema}::text as name, null as owner from ${tenants} t
        where not exists (select from pg_catalog.pg_namespace n where n.nspname = t.${schema})
       union all
       select 'schema', n.nspname::text, null from pg_catalog.pg_namespace n
         join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'django_migrations' and c.relkind in ('r', 'p')
        where n.nspname <> $1 and n.nspname <> all ($2::text[]) and n.nspname !~ '^pg_'
          and not exists (select from ${tenants} t where t.${schema} = n.nspname)
       union all
       select 'domain', d.${quoteIdentifier(layout.domain.column)}::text, d.${quoteIdentifier(layout.owner.column)}::text
         from ${strayDomains(layout, publicSchema)}
       union all
       select distinct 'hidden', c.relname::text, null from pg_catalog.pg_class c
        where c.oid in (${regclass(publicSchema, layout.schema.table)}::regclass, ${regclass(publicSchema, layout.owner.toTable)}::regclass)
          and pg_catalog.row_security_active(c.oid)
       order by 1, 2`,
      [publicSchema, templates],
    );
    // What is seen of the rows is true; what is not seen may be there.
    const blind = found.some(({ kind }) => kind === 'hidden');
    return blind ? found.filter(({ kind }) => kind !== 'domain') : found;
  } catch (error) {
    // Without the tables nobody can say what is an orphan; the check of tables says that they are missing.
    if (['42P01', '42703', '3F000'].includes(sqlstateOf(error))) return [];
    throw error;
  }
}

/** The domains that refer to no tenant, as what stands behind FROM. */
function strayDomains({ domain, owner }: TenantLayout, publicSchema: string): string {
  const key = quoteIdentifier(owner.column);
  return `${qualified(publicSchema, domain.table)} d
    where d.${key} is null or not exists (
      select from ${qualified(publicSchema, owner.toTable)} o where o.${quoteIdentifier(owner.toColumn)} = d.${key})`;
}

function finding({ kind, name, owner }: Orphan, rules: ExpectedRules, tenants: Context['tenants']): Finding {
  if (kind === 'row') return { ...rowWithoutSchema(name, tenants), subject: { schema: name } };
  if (kind === 'schema')
    return {
      code: 'DBB6020',
      severity: 'warning',
      message: `schema "${name}" holds migrations, but ${rules.tenants?.schema.table ?? 'the tenant table'} has no row for it`,
      help: `add tenant "${name}" to the config, or drop the schema`,
      facts: { schema: name },
      subject: { schema: name },
    };
  return {
    code: 'DBB6091',
    message: `domain "${name}" belongs to tenant ${owner ?? 'null'}, which does not exist`,
    help: 'run "db-bootstrap check --fix --yes --only orphans", which deletes it',
    subject: { domain: name },
    repair: 'confirmed',
  };
}

/** Deletes domains of tenants that are gone; rows and schemas hold data, and are left to people. */
async function fix(
  { database, host }: Context,
  { confirmed }: { readonly confirmed: boolean },
): Promise<readonly Repair[]> {
  const rules = await expectedRules(host);
  const { tenants: layout, publicSchema } = rules;
  if (!layout || !confirmed || !(await findOrphans(database, rules)).some(({ kind }) => kind === 'domain'))
    return [];
  const rows = await database.transaction((client) =>
    client.query<{ domain: string }>(
      `delete from ${strayDomains(layout, publicSchema)} returning d.${quoteIdentifier(layout.domain.column)}::text as domain`,
    ),
  );
  return rows.map(({ domain }) => ({ message: `domain "${domain}" deleted`, subject: { domain } }));
}
