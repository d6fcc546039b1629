import { setMaxListeners } from 'node:events';
import type { Client, QueryResultRow } from 'pg';
import { BootstrapError } from '../errors/index.js';
import { cancelStatement } from './cancel.js';
import { connect, disconnect, hasEnded, type DatabaseOptions } from './connect.js';
import { problemOf } from './problem-of.js';
import { withDatabase, type ConnectionParameters } from './resolve-connection.js';

/** A connection that runs statements, one at a time. A text without values may hold several: their rows come one after the other. */
export interface DatabaseClient {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** The workflow's database: a connection kept for single statements, more for what needs one of its own; all opened when first used. */
export class Database implements DatabaseClient {
  readonly parameters: ConnectionParameters;
  readonly #options: DatabaseOptions;
  readonly #idle: Client[];
  readonly #busy: Set<Client>;

  constructor(
    parameters: ConnectionParameters,
    options: DatabaseOptions,
    shared?: { idle: Client[]; busy: Set<Client> },
  ) {
    this.parameters = parameters;
    this.#options = options;
    this.#idle = shared?.idle ?? [];
    this.#busy = shared?.busy ?? new Set();
  }

  get url(): string {
    return this.parameters.url;
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
    return this.#idle.length + this.#busy.size > 0;
  }

  /** The same connections, whose statements end with this signal. */
  bind(signal: AbortSignal): Database {
    // A task may have many statements under way, and each listens.
    setMaxListeners(0, signal);
    return new Database(
      this.parameters,
      { ...this.#options, signal },
      { idle: this.#idle, busy: this.#busy },
    );
  }

  async query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    const client = await this.#take();
    try {
      return await this.#run<Row>(client, text, values);
    } finally {
      this.#giveBack(client);
    }
  }

  /** Runs `work` on a connection of its own, closed afterwards: whatever it set there is gone. */
  async withClient<T>(
    work: (client: DatabaseClient) => Promise<T>,
    options: { readonly database?: string; readonly connectTimeout?: number } = {},
  ): Promise<T> {
    const { database, ...timeout } = options;
    const parameters = database === undefined ? this.parameters : withDatabase(this.parameters, database);
    const client = await connect(parameters, { ...this.#options, ...timeout });
    this.#busy.add(client);
    try {
      return await work({ query: (text, values) => this.#run(client, text, values) });
    } finally {
      this.#busy.delete(client);
      await disconnect(client);
    }
  }

  /** The same inside one transaction: committed when `work` resolves, rolled back when it rejects. */
  async transaction<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T> {
    return this.withClient(async (client) => {
      await client.query('begin');
      // A rejection closes the connection, which rolls back also where the connection itself is what broke.
      const result = await work(client);
      await client.query('commit');
      return result;
    });
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const all = [...this.#idle.splice(0), ...this.#busy];
    this.#busy.clear();
    await Promise.all(all.map(disconnect));
  }

  async #take(): Promise<Client> {
    this.#options.signal?.throwIfAborted();
    const client = this.#idle.pop() ?? (await this.#open());
    this.#busy.add(client);
    return client;
  }

  async #open(): Promise<Client> {
    const client = await connect(this.parameters, this.#options);
    client.on('end', () => {
      const index = this.#idle.indexOf(client);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return client;
  }

  /** A connection whose statement was cancelled is not used again: the cancellation may still be on its way. */
  #giveBack(client: Client): void {
    this.#busy.delete(client);
    if (this.#options.signal?.aborted !== true && !hasEnded(client)) this.#idle.push(client);
    else void disconnect(client);
  }

  async #run<Row extends object>(client: Client, text: string, values?: readonly unknown[]): Promise<Row[]> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const progress = countCompleted(client);
    const statement = client.query<QueryResultRow>(text, values === undefined ? undefined : [...values]);
    const cancel = (): void => void cancelStatement(client, statement);
    signal?.addEventListener('abort', cancel, { once: true });
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
      signal?.removeEventListener('abort', cancel);
    }
  }
}

/** How many statements of a text the server has completed: where it holds several, that tells which one failed. */
function countCompleted(client: Client): { readonly completed: number; stop(): void } {
  const { connection } = client;
  const progress = { completed: 0, stop: (): void => void connection.off('commandComplete', count) };
  const count = (): void => {
    progress.completed++;
  };
  connection.on('commandComplete', count);
  return progress;
}
