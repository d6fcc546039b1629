import * as z from 'zod/mini';
import {
  defineTask,
  type Finding,
  type Plan,
  type TaskContext,
  type TaskResult,
  type TenantSpec,
} from '../../config/define.js';
import type { Inspection, TenantRows } from '../../lib/django/index.js';
import { limitFindings } from './limit.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

type Context = TaskContext<z.output<typeof options>>;
type Row = TenantRows['tenants'][number];

const create = 'run "db-bootstrap run --from tenants"';

/** Every tenant has its domains, and every configured tenant is there. What has lost its schema, row or tenant is told by orphans. */
export const checkTenants = defineTask({
  kind: 'check-tenants',
  description: 'Every tenant has its domains, and every configured tenant exists.',
  options,
  host: true,
  check: true,
  plan,
  run,
});

async function plan(ctx: Context): Promise<Plan> {
  const { tenancy } = await ctx.host.request<Inspection>('inspect');
  return tenancy
    ? { action: 'run', reason: 'checks change nothing' }
    : { action: 'skip', reason: 'the project has no tenants' };
}

async function run(ctx: Context): Promise<TaskResult> {
  const { tenancy, publicSchema } = await ctx.host.request<Inspection>('inspect');
  if (!tenancy) return { changed: false, summary: 'the project has no tenants' };
  const { tenants, missing, publicSought } = await ctx.host.request<TenantRows>('tenants');
  const rows = new Map(tenants.map((row) => [row.schema, row]));
  const owners = new Map(
    tenants.flatMap((row) => row.domains.map((domain) => [domain, row.schema] as const)),
  );
  const wanted = new Map(ctx.tenants.map((tenant) => [tenant.schema, tenant]));
  const findings = [
    ...ctx.tenants.flatMap((tenant) => checkConfigured(tenant, rows, owners, missing)),
    ...tenants.flatMap((row) => checkRow(row, wanted.get(row.schema), publicSchema)),
    ...(publicSought === true ? [withoutPublic(publicSchema)] : []),
  ];
  return {
    changed: false,
    summary:
      findings.length === 0
        ? `rows and domains of ${counted(tenants.length, 'tenant')} agree`
        : `${counted(findings.length, 'finding')} in ${counted(tenants.length, 'tenant')}`,
    findings: limitFindings(findings, 'tenants'),
  };
}

function checkConfigured(
  tenant: TenantSpec,
  rows: ReadonlyMap<string, Row>,
  owners: ReadonlyMap<string, string>,
  missing: string | undefined,
): Finding[] {
  const { schema } = tenant;
  if (!rows.has(schema)) {
    return [
      {
        code: 'DBB6029',
        message: `tenant "${schema}" is configured, but ${missing ?? 'it has no row'}`,
        help: missing === undefined ? create : 'run "db-bootstrap run"',
        facts: { schema },
        subject: { schema },
      },
    ];
  }
  return domainsOf(tenant).flatMap((domain): Finding[] => {
    const owner = owners.get(domain);
    if (owner === schema) return [];
    const subject = { schema, domain };
    const facts = { schema };
    if (owner === undefined) {
      // A tenant without any domain is told so once, below.
      if (rows.get(schema)?.domains.length === 0) return [];
      const message = `tenant "${schema}" has no domain "${domain}", which the config gives it`;
      return [{ code: 'DBB6021', message, help: create, facts, subject }];
    }
    const message = `domain "${domain}" of tenant "${schema}" belongs to tenant "${owner}"`;
    const help = `give tenant "${schema}" another domain, or remove the domain from tenant "${owner}"`;
    return [{ code: 'DBB6017', message, help, facts, subject: { ...subject, owner } }];
  });
}

function checkRow(row: Row, wanted: TenantSpec | undefined, publicSchema: string): Finding[] {
  const { schema } = row;
  if (row.domains.length > 0 || schema === publicSchema) return [];
  const configured = wanted !== undefined && domainsOf(wanted).length > 0;
  return [
    {
      code: 'DBB6021',
      severity: configured ? 'error' : 'warning',
      message: `tenant "${schema}" has no domain, so no request reaches it`,
      help: configured ? create : `give tenant "${schema}" a domain`,
      facts: { schema },
      subject: { schema },
    },
  ];
}

/** The middleware of django_tenants looks for the public tenant by its domain too. */
function withoutPublic(schema: string): Finding {
  return {
    code: 'DBB6021',
    severity: 'warning',
    message: `the public tenant has no row, so no domain leads to schema "${schema}"`,
    help: 'give it a domain: "tasks.tenants.public: { domain: example.com }", or set SHOW_PUBLIC_IF_NO_TENANT_FOUND = True',
    facts: { schema },
    subject: { schema },
  };
}

function domainsOf(tenant: TenantSpec): readonly string[] {
  return [...(tenant.domain === undefined ? [] : [tenant.domain]), ...(tenant.domains ?? [])];
}
