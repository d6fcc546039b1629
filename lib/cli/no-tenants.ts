import type { TaskHost } from '../../config/define.js';
import { inspect } from '../django/index.js';
import { BootstrapError } from '../errors/index.js';

/** Throws in a project without tenants, for a command that speaks of nothing else: DBB6018, with what to do in such a project. */
export async function requireTenants(host: TaskHost, help: string): Promise<void> {
  if ((await inspect(host)).tenancy) return;
  throw new BootstrapError({
    code: 'DBB6018',
    message: 'the project has no tenants: django_tenants is not in INSTALLED_APPS',
    help,
  });
}
