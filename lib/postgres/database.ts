import { setMaxListeners } from 'node:events';
import type { Client, QueryResultRow } from 'pg';
import { BootstrapError } from '../errors/index.js';
import { cancelStatement } from './cancel.js';
import { connect, disconnect, drop, hasEnded, standardStrings, type DatabaseOptions } from './connect.js';
import { noConnections, type Connections } from './connections.js';
import { countCompleted } from './count-completed.js';
import { isPooled, isPoolerAt, processOf, withinPool } from './pool-room.js';
import { problemOf, silence } from './problem-of.js';
import { withDatabase, type ConnectionParameters } from './resolve-connection.js';
import { sendSafely } from './safe-path.js';

/** A connection that runs statements, one at a time. A text without values may hold several: their rows come one after the other. */
export interface DatabaseClient {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** How connections for statements are opened. */
export interface PoolOptions extends DatabaseOptions {
  /** Milliseconds that a statement waits for a connection that another one has; 10, as long as a login takes, where it is absent. */
  readonly patience?: number;
  /** Milliseconds after which a statement is given up; unbounded where it is absent. */
  readonly limit?: number;
  /** Whether statements run with the search_path of the role, not with the safe one; false by default. */
  readonly rolePath?: boolean;
}

/** The workflow's database: connections kept for single statements, more for what needs one of its own; all opened when first used. */
export class Database implements DatabaseClient {
  readonly parameters: ConnectionParameters;
  readonly #options: PoolOptions;
  readonly #connections: Connections;

  constructor(parameters: ConnectionParameters, options: PoolOptions, shared?: Connections) {
    this.parameters = parameters;
    this.#options = options;
    this.#connections = shared ?? noConnections(parameters);
    setMaxListeners(0, this.#connections.closed.signal);
  }

  get url(): string {
    return this.parameters.url;
  }

  get projectUrl(): string {
    return this.parameters.projectUrl;
  }

  get display(): string {
    return this.parameters.display;
  }

  get host(): string {
    return this.parameters.host;
  }

  get port(): number {
    return this.parameters.port;
  }

  get name(): string {
    return this.parameters.database;
  }

  get user(): string {
    return this.parameters.user;
  }

  get password(): string | undefined {
    return this.parameters.password;
  }

  /** Whether a connection is open. */
  get connected(): boolean {
    const { idle, lent, own } = this.#connections;
    return idle.length + lent.size + own.size > 0;
  }

  /** Whether a pooler stands in between, as an open connection shows: a server names its own session at the login, a pooler makes one up. */
  async isPooled(): Promise<boolean> {
    const client = await this.#take();
    try {
      const [row] = await this.#run<{ pid: number }>(client, 'select pg_backend_pid() as pid');
      return processOf(client) !== row?.pid;
    } finally {
      this.#giveBack(client);
    }
  }

  /** The same connections, whose statements end with this signal. */
  bind(signal: AbortSignal): Database {
    // A task may have many statements under way, and each listens.
    setMaxListeners(0, signal);
    return new Database(this.parameters, { ...this.#options, signal }, this.#connections);
  }

  /** The same connections, each of whose statements is given up after so many milliseconds. */
  within(limit: number): Database {
    return new Database(this.parameters, { ...this.#options, limit }, this.#connections);
  }

  /**
   * For statements of plugins, which run with the search_path of the role: on connections of their own. Behind a pooler no session keeps
   * the safe path, so there they share the connections, of which a pool has few.
   */
  forOthers(): Database {
    const connections = isPoolerAt(this.parameters)
      ? this.#connections
      : (this.#connections.others ??= noConnections(this.parameters));
    return new Database(this.parameters, { ...this.#options, rolePath: true }, connections);
  }

  /** Runs work that waits for the server over connections of others; its signal is aborted where the server no longer answers. */
  async whileAlive<T>(work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const gone = Object.assign(new Error(silence), { code: 'ECONNRESET' });
    const unwatch = this.#connections.liveness.watch(() => lost.abort(gone));
    try {
      return await work(lost.signal);
    } catch (error) {
      if (!lost.signal.aborted) throw error;
      throw new BootstrapError(problemOf(gone, this.parameters), { cause: error });
    } finally {
      unwatch();
    }
  }

  async query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    const client = await this.#take();
    const send = <R extends object>(...statement: Parameters<DatabaseClient['query']>): Promise<R[]> =>
      this.#run<R>(client, ...statement);
    try {
      if (this.#options.rolePath === true) return await send<Row>(text, values);
      return await sendSafely<Row>(client, send, text, values);
    } finally {
      this.#giveBack(client);
    }
  }

  /** Runs `work` on a connection of its own, with the search_path of the role; closed afterwards: whatever it set there is gone. */
  async withClient<T>(
    work: (client: DatabaseClient) => Promise<T>,
    options: { readonly database?: string; readonly connectTimeout?: number } = {},
  ): Promise<T> {
    const { database, ...timeout } = options;
    const parameters = database === undefined ? this.parameters : withDatabase(this.parameters, database);
    const client = await this.#connect(parameters, timeout);
    this.#connections.own.add(client);
    try {
      return await work({ query: (text, values) => this.#run(client, text, values) });
    } finally {
      this.#connections.own.delete(client);
      await disconnect(client);
    }
  }

  /** The same inside one transaction, with the search_path as for statements: committed when `work` resolves, rolled back when it rejects. */
  async transaction<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    return this.withClient(async (client) => {
      await client.query(
        this.#options.rolePath === true ? 'begin' : 'begin; set local search_path = pg_catalog',
      );
      // A rejection closes the connection, which rolls back also where the connection itself is what broke.
      const result = await work(client);
      await client.query('commit');
      return result;
    });
  }

  /** Closes every connection, and opens none any more. */
  async close(): Promise<void> {
    const { idle, lent, own, closed, others } = this.#connections;
    closed.abort(new Error('the connections to the database are closed'));
    const all = [...idle.splice(0), ...lent, ...own];
    lent.clear();
    own.clear();
    await Promise.all(all.map(disconnect));
    if (others) await new Database(this.parameters, this.#options, others).close();
  }

  async #take(): Promise<Client> {
    this.#options.signal?.throwIfAborted();
    const client = this.#connections.idle.pop() ?? (await this.#lentOne()) ?? (await this.#open());
    this.#connections.lent.add(client);
    return client;
  }

  /** One that another statement has, where that ends soon. */
  async #lentOne(): Promise<Client | undefined> {
    const { lent, waiting } = this.#connections;
    if (lent.size === 0) return undefined;
    return new Promise((resolve) => {
      const answer = (client: Client | undefined): void => {
        clearTimeout(timer);
        waiting.delete(answer);
        resolve(client);
      };
      // Where this process was busy all the while, what the server has answered meanwhile comes first.
      const timer = setTimeout(() => setImmediate(answer, undefined), this.#options.patience ?? 10);
      waiting.add(answer);
    });
  }

  async #open(): Promise<Client> {
    this.#options.signal?.throwIfAborted();
    const client = await this.#connect(this.parameters);
    await standardStrings(client);
    const { idle } = this.#connections;
    client.on('end', () => {
      const index = idle.indexOf(client);
      if (index >= 0) idle.splice(index, 1);
    });
    return client;
  }

  async #connect(
    parameters: ConnectionParameters,
    options: { readonly connectTimeout?: number } = {},
  ): Promise<Client> {
    const { signal } = this.#options;
    const { idle, lent, own, closed } = this.#connections;
    const few = idle.length + lent.size + own.size < 2;
    const wanted = signal ? AbortSignal.any([signal, closed.signal]) : closed.signal;
    const client = await connect(parameters, { ...this.#options, ...options, signal: wanted });
    // Without these few there is no run; more of them may wait for each other. Who has a deadline of its own asks until it is over.
    if (!few || options.connectTimeout !== undefined || !isPooled(client)) return client;
    try {
      await withinPool(client, parameters, client.query('select 1'), wanted);
      return client;
    } catch (error) {
      await disconnect(client);
      wanted.throwIfAborted();
      throw new BootstrapError(problemOf(error, parameters), { cause: error });
    }
  }

  /** A connection whose statement was cancelled is not used again: the cancellation may still be on its way. */
  #giveBack(client: Client): void {
    const { idle, lent, waiting, closed } = this.#connections;
    const isUsable = this.#options.signal?.aborted !== true && !closed.signal.aborted && !hasEnded(client);
    const [first] = waiting;
    // It stays lent on its way to the next.
    if (!first || !isUsable) lent.delete(client);
    first?.(isUsable ? client : undefined);
    if (!isUsable) void disconnect(client);
    else if (!first) idle.push(client);
  }

  async #run<Row extends object>(client: Client, text: string, values?: readonly unknown[]): Promise<Row[]> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const progress = countCompleted(client);
    const statement = client.query<QueryResultRow>(text, values === undefined ? undefined : [...values]);
    const unbound = this.#bound(client, statement);
    try {
      const result = await statement;
      const results = Array.isArray(result) ? (result as (typeof result)[]) : [result];
      return results.flatMap(({ rows }) => rows) as Row[];
    } catch (error) {
      signal?.throwIfAborted();
      const scene = { ...this.parameters, statement: text, completed: progress.completed };
      throw new BootstrapError(problemOf(error, scene), { cause: error });
    } finally {
      progress.stop();
      unbound();
    }
  }

  /** Ends a statement with the signal, at its limit, and where the server no longer answers; whatever the server does. */
  #bound(client: Client, statement: Promise<unknown>): () => void {
    const { signal, limit } = this.#options;
    const cancel = (): void => void cancelStatement(client, statement);
    signal?.addEventListener('abort', cancel, { once: true });
    const timer = limit === undefined ? undefined : setTimeout(cancel, limit);
    const unwatch = this.#connections.liveness.watch(() => drop(client, silence));
    return () => {
      unwatch();
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
  }
}
