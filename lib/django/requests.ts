import type { HostMethods } from './protocol.js';

/** What the functions below need of a task's host. */
interface Asked {
  request<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    onEvent?: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<Result>;
}

type Result<Method extends keyof HostMethods> = Promise<HostMethods[Method]['result']>;

/** Facts of the project, read without touching the database. */
export function inspect(host: Asked): Result<'inspect'> {
  return host.request('inspect');
}

/** The migrations on disk against those recorded, per schema. */
export function states(host: Asked, params: HostMethods['states']['params'] = {}): Result<'states'> {
  return host.request('states', { ...params });
}

/** The tables that the models expect, and where. */
export async function expectedTables(
  host: Asked,
): Promise<HostMethods['expectedTables']['result']['tables']> {
  return (await host.request<HostMethods['expectedTables']['result']>('expectedTables')).tables;
}

/** What the models expect of their tables beside columns. */
export function expectedRules(host: Asked): Result<'expectedRules'> {
  return host.request('expectedRules');
}

/** What `makemigrations` would write, or with `write` has written. */
export function autodetect(
  host: Asked,
  params: HostMethods['autodetect']['params'] = {},
): Result<'autodetect'> {
  return host.request('autodetect', { ...params });
}

/** Brings one schema to the newest state; `schema: null` is plain Django. */
export function migrate(
  host: Asked,
  params: HostMethods['migrate']['params'],
  onEvent?: (event: Readonly<Record<string, unknown>>) => void,
): Result<'migrate'> {
  return host.request('migrate', { ...params }, onEvent);
}

/** Rows, domains and schemas of the tenants as they are. */
export function tenantRows(host: Asked): Result<'tenants'> {
  return host.request('tenants');
}
