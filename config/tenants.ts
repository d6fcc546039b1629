import type { Place, Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';
import { nameFault, nameProblem, textFault, visible } from './names.js';
import { formatPath, type Path } from './source.js';
import { longestName } from './validators.js';

/** Checks what can be known of tenants without a database: names that PostgreSQL cannot have, and what stands twice. */
export function checkTenants(value: Json | undefined, locate: Locate, problems: Problem[]): void {
  const schemas = new Map<string, number>();
  const domains = new Map<string, number>();
  for (const [index, tenant] of (Array.isArray(value) ? (value as Json[]) : []).entries()) {
    if (!isObject(tenant) || typeof tenant.schema !== 'string') continue;
    const reason = refusal(tenant.schema);
    if (reason !== undefined) {
      problems.push({
        code: 'DBB6023',
        message: `the schema name "${visible(tenant.schema)}" is not valid: ${reason.why}`,
        place: locate(['tenants', index, 'schema'], 'value'),
        help: reason.help,
      });
    }
    once(schemas, tenant.schema, index, 'schema');
    const more = Array.isArray(tenant.domains) ? (tenant.domains as Json[]) : [];
    if (typeof tenant.domain === 'string') once(domains, tenant.domain, index, 'domain', ['domain']);
    for (const [position, domain] of more.entries())
      if (typeof domain === 'string') once(domains, domain, index, 'domain', ['domains', position]);
  }

  function once(
    seen: Map<string, number>,
    name: string,
    index: number,
    what: 'schema' | 'domain',
    path: Path = [what],
  ): void {
    const fault = what === 'domain' ? faultOf(name, what) : undefined;
    const place = (): Place => locate(['tenants', index, ...path], 'value');
    if (fault !== undefined) problems.push(nameProblem(name, what, fault, place()));
    const before = seen.get(name);
    if (before === undefined) seen.set(name, index);
    else {
      problems.push({
        code: 'DBB2021',
        message: `the ${what} "${name}" stands twice: ${formatPath(['tenants', before])} has it too`,
        place: place(),
        help: 'each tenant has a schema and domains of its own',
      });
    }
  }
}

/** Why PostgreSQL or django-tenants cannot have such a schema, and what to do about it. */
function refusal(schema: string): { readonly why: string; readonly help: string } | undefined {
  if (schema === 'public')
    return {
      why: 'it holds what all tenants share',
      help: 'describe the public tenant with the option "public" of the task "tenants"',
    };
  const fault = faultOf(schema, 'schema');
  if (fault !== undefined) return { why: fault, help: 'use letters, digits and underscores' };
  const bytes = Buffer.byteLength(schema);
  if (bytes > longestName)
    return {
      why: `it has more than ${String(longestName)} bytes`,
      help: `make it shorter: it has ${String(bytes)}`,
    };
  if (/["']/.test(schema))
    return { why: 'django-tenants does not quote quotes', help: 'use letters, digits and underscores' };
  if (schema.startsWith('pg_') || schema === 'information_schema')
    return {
      why: 'PostgreSQL keeps such names to itself',
      help: 'choose another name, one that does not begin with "pg_"',
    };
  return undefined;
}

/** What no text can hold is told of all texts. */
function faultOf(name: string, named: 'schema' | 'domain'): string | undefined {
  return textFault(name) === undefined ? nameFault(name, named) : undefined;
}
