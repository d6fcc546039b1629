import type { TenantProblem } from '../../lib/django/index.js';
import { unreachable, type Problem } from '../../lib/errors/index.js';
import { nearest } from '../../lib/text/index.js';

/** A problem of one tenant, as people read it. */
export function problemOfTenant(problem: TenantProblem): Problem {
  const { kind, schema, message } = problem;
  const facts = { schema, ...(problem.sqlstate ? { sqlstate: problem.sqlstate } : {}) };
  switch (kind) {
    case 'schema-name':
      return {
        code: 'DBB6023',
        message: `"${schema}" cannot be a tenant's schema name: ${message}`,
        help: 'choose a name of at most 63 bytes without quotes, backslashes, commas and semicolons',
        facts,
      };
    case 'field-unknown': {
      const names = (problem.valid ?? []).map((field) => field.name);
      const near = nearest(problem.field ?? '', names);
      return {
        code: 'DBB6015',
        message: `${problem.model} has no field "${problem.field}" that tenant "${schema}" could set`,
        notes: [validFields(problem)],
        help: near === undefined ? 'use one of the valid fields' : `did you mean "${near}"?`,
        facts,
      };
    }
    case 'field-missing': {
      const names = (problem.names ?? []).map((name) => `"${name}"`).join(', ');
      return {
        code: 'DBB6016',
        message: `tenant "${schema}" has no value for ${names}, which ${problem.model} requires`,
        notes: [validFields(problem)],
        help: `give ${names} under the tenant's "fields", or under "domainFields" for the domain model`,
        facts,
      };
    }
    case 'field-value':
      return {
        code: 'DBB6024',
        message: `field "${problem.field}" of tenant "${schema}" cannot be ${problem.value}: ${message.replace(/\.$/, '')}`,
        notes: problem.model === undefined ? [] : [{ label: 'model', text: problem.model }],
        help: `change "${problem.field}" of tenant "${schema}" in the config`,
        facts,
      };
    case 'domain-taken':
      return {
        code: 'DBB6017',
        message: `domain "${problem.value}" of tenant "${schema}" belongs to tenant "${problem.owner}"`,
        help: `give tenant "${schema}" another domain, or remove the domain from tenant "${problem.owner}"`,
        facts,
      };
    case 'failed':
      return {
        code: 'DBB6022',
        message: `tenant "${schema}" could not be stored: ${message.trim()}`,
        notes: [{ label: 'raised', text: `${problem.exception}${problem.at ? ` at ${problem.at}` : ''}` }],
        help: 'nothing of this tenant was kept; correct the cause and run again',
        facts,
      };
    default:
      return unreachable(kind);
  }
}

function validFields(problem: TenantProblem): { label: string; text: string } {
  const fields = (problem.valid ?? []).map(
    ({ name, type, required }) => `${name} (${type}${required ? ', required' : ''})`,
  );
  return { label: 'valid', text: fields.join(', ') };
}
