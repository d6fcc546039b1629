import type { TaskContext } from '../../config/define.js';
import type { TenantProblem } from '../../lib/django/index.js';
import type { Place } from '../../lib/errors/index.js';

/** Where the config says what is wrong with a tenant: the field, the domain, or the nearest thing around it. */
export function placeOfTenant(
  { task, tenants, placeOf }: Pick<TaskContext<unknown>, 'task' | 'tenants' | 'placeOf'>,
  problem: TenantProblem,
): Place | undefined {
  const index = tenants.findIndex(({ schema }) => schema === problem.schema);
  // The public tenant stands in the options of the task.
  const tenant = index < 0 ? `tasks.${task}.public` : `tenants[${String(index)}]`;
  const paths = partsOf(problem, tenants[index]?.domains ?? []).map((part) => `${tenant}.${part}`);
  return [...paths, tenant].map(placeOf).find((place) => place !== undefined);
}

function partsOf({ kind, field = '', value }: TenantProblem, domains: readonly string[]): readonly string[] {
  switch (kind) {
    case 'schema-name':
      return ['schema'];
    case 'field-unknown':
    case 'field-value':
      return [`fields.${field}`, `domainFields.${field}`];
    case 'field-missing':
      return ['fields'];
    case 'domain-taken': {
      const position = domains.indexOf(value ?? '');
      return [position < 0 ? 'domain' : `domains[${String(position)}]`];
    }
    case 'failed':
      return [];
  }
}
