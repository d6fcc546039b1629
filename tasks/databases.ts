import * as z from 'zod/mini';
import {
  described,
  nonEmpty,
  type TaskContext,
  type TaskDatabase,
  type TaskHost,
  type TaskLedger,
} from '../config/define.js';
import { inspect, otherConnection } from '../lib/django/index.js';
import { Database, resolveConnection } from '../lib/postgres/index.js';

/** The option `databases` of a task that works in the project's main database, and in these beside it. */
export const databases = described(
  z.optional(z.array(nonEmpty)),
  'Aliases of DATABASES beside the main one; how to reach them is what the settings say',
  [['analytics']],
);

/** A database of the project as messages name it. */
export function named(alias: string): string {
  return `DATABASES["${alias}"]`;
}

/** The aliases beside the main one, each once. */
export async function othersOf(
  ctx: Pick<TaskContext<unknown>, 'host'>,
  aliases: readonly string[] = [],
): Promise<readonly string[]> {
  if (aliases.length === 0) return [];
  const { alias: main } = await inspect(ctx.host);
  return [...new Set(aliases)].filter((alias) => alias !== main);
}

/** The context of a task in another of the project's databases: Django and the ledger are those of that one. */
export function contextIn<Options>(ctx: TaskContext<Options>, alias: string): TaskContext<Options> {
  return Object.create(ctx, {
    host: { value: hostIn(ctx.host, alias) },
    ledger: { get: () => ledgerIn(ctx.ledger, alias) },
    tenants: { value: [] },
  }) as TaskContext<Options>;
}

/** The same with a session on that database; the context is undefined if the database is not PostgreSQL. `vendor` is Django's name for its engine. */
export async function withSession<Options, Result>(
  ctx: TaskContext<Options>,
  alias: string,
  work: (ctx: TaskContext<Options> | undefined, vendor: string) => Promise<Result>,
): Promise<Result> {
  const inside = contextIn(ctx, alias);
  const { vendor, url } = await otherConnection(inside.host);
  if (url === null) return work(undefined, vendor);
  const database = new Database(resolveConnection(url, {}), {
    applicationName: ctx.env.PGAPPNAME ?? 'db-bootstrap',
    signal: ctx.signal,
  });
  try {
    const value: TaskDatabase = database;
    return await work(Object.create(inside, { database: { value } }) as TaskContext<Options>, vendor);
  } finally {
    await database.close();
  }
}

function hostIn(host: TaskHost, alias: string): TaskHost {
  return {
    request: (method, params, onEvent) => host.request(method, { ...params, alias }, onEvent),
    withPeers: (count, work) =>
      host.withPeers(count, (hosts) => work(hosts.map((each) => hostIn(each, alias)))),
    recall: (name) => host.recall(`${alias} ${name}`),
    remember: (name, value) => host.remember(`${alias} ${name}`, value),
  };
}

function ledgerIn(ledger: TaskLedger, alias: string): TaskLedger {
  const prefix = `${named(alias)} `;
  return {
    get: (key) => ledger.get(prefix + key),
    set: (key, value, client) => ledger.set(prefix + key, value, client),
    delete: (key) => ledger.delete(prefix + key),
    entries: async () =>
      new Map(
        [...(await ledger.entries())].flatMap(([key, value]) =>
          key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
        ),
      ),
  };
}
