import type { Finding, TaskContext } from '../../config/define.js';

/** The finding for a tenant whose schema is gone, however a check came upon it. Only a tenant of the config is created again. */
export function missingSchema(name: string, tenants: TaskContext<unknown>['tenants']): Finding {
  const create = 'run "db-bootstrap run --from tenants"';
  return {
    code: 'DBB6019',
    message: `tenant "${name}" has a row, but its schema does not exist`,
    help: tenants.some(({ schema }) => schema === name)
      ? create
      : `add tenant "${name}" to the config and ${create}`,
    facts: { schema: name },
    subject: { schema: name },
  };
}
