import type { HostMethods } from './protocol.js';

/** Hears what the host tells before it answers. */
export type OnEvent = (event: Readonly<Record<string, unknown>>) => void;

/** What the functions below need of a task's host. */
interface Asked {
  request<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    onEvent?: OnEvent,
  ): Promise<Result>;
}

type Result<Method extends keyof HostMethods> = Promise<HostMethods[Method]['result']>;

/** Facts of the project, read without touching the database. */
export function inspect(host: Asked): Result<'inspect'> {
  return host.request('inspect');
}

/** Connects Django to the database that the host is asked in, where that is not the main one. */
export function otherConnection(host: Asked): Result<'otherConnection'> {
  return host.request('otherConnection');
}

/** Every fact of the project that the rules need, read without touching the database; told as well where it does not load. */
export function preflight(host: Asked): Result<'preflight'> {
  return host.request('preflight');
}

/** What other settings modules say; each is loaded in a process of its own. */
export async function otherSettings(
  host: Asked,
  modules: readonly string[],
): Promise<HostMethods['otherSettings']['result']['modules']> {
  return (await host.request<HostMethods['otherSettings']['result']>('otherSettings', { modules })).modules;
}

/** The migrations on disk against those recorded, per schema. */
export function states(host: Asked, params: HostMethods['states']['params'] = {}): Result<'states'> {
  return host.request('states', { ...params });
}

/** Whether the tenant model's manager shows the tenant of a schema: django_tenants migrates no other. */
export async function shownTenants(host: Asked): Promise<(schema: string) => boolean> {
  if (!(await inspect(host)).hidesTenants) return () => true;
  const { tenants } = await tenantRows(host);
  const shown = new Set(tenants.map(({ schema }) => schema));
  return (schema) => shown.has(schema);
}

/** The tables that the models expect, and where. */
export async function expectedTables(
  host: Asked,
): Promise<HostMethods['expectedTables']['result']['tables']> {
  return (await host.request<HostMethods['expectedTables']['result']>('expectedTables')).tables;
}

/** Returns the tables that a router of the project allows in a schema; undefined where its answer is the usual one. Without such a router, Django is not asked. */
export async function decidedTables(
  host: Asked,
  places: HostMethods['decidedTables']['params']['places'],
): Promise<(schema: string) => readonly string[] | undefined> {
  const tenants = places.filter(({ kind }) => kind.startsWith('tenant'));
  if (tenants.length === 0 || !(await inspect(host)).ownRouter) return () => undefined;
  const { schemas } = await host.request<HostMethods['decidedTables']['result']>('decidedTables', {
    places: tenants,
  });
  const tables = new Map(Object.entries(schemas));
  return (schema) => tables.get(schema);
}

/** Whether SQL or code in one migration of the app says all of the words, by question. */
export async function ownCode(
  host: Asked,
  questions: HostMethods['ownCode']['params']['questions'],
): Promise<readonly boolean[]> {
  return (await host.request<HostMethods['ownCode']['result']>('ownCode', { questions })).says;
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
  onEvent?: OnEvent,
): Result<'migrate'> {
  return host.request('migrate', { ...params }, onEvent);
}

/** The same for a tenant's schema, with what was executed, for others in the same state. */
export function record(
  host: Asked,
  params: HostMethods['record']['params'],
  onEvent?: OnEvent,
): Result<'record'> {
  return host.request('record', params, onEvent);
}

/** Applies migrations that come next in a schema, without signals and without the command around them. */
export function applyAlone(
  host: Asked,
  params: HostMethods['applyAlone']['params'],
  onEvent?: OnEvent,
): Result<'applyAlone'> {
  return host.request('applyAlone', params, onEvent);
}

/** Lets handlers of post_migrate do their work in a schema to which these migrations were applied. */
export function postMigrate(
  host: Asked,
  params: HostMethods['postMigrate']['params'],
): Result<'postMigrate'> {
  return host.request('postMigrate', params);
}

/** Rows, domains and schemas of the tenants as they are. */
export function tenantRows(host: Asked): Result<'tenants'> {
  return host.request('tenants');
}
