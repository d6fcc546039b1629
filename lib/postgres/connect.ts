import type { Client } from 'pg';
import { BootstrapError, type Problem } from '../errors/index.js';
import { clientConfig } from './client-config.js';
import { whyPasswordsUnused } from './password-file.js';
import { problemOf } from './problem-of.js';
import type { ConnectionParameters } from './resolve-connection.js';
import { isTlsRefusal, tlsChoices, type Tls } from './tls.js';
import { endAtUnreadable } from './unreadable-answer.js';

/** How connections are opened. */
export interface DatabaseOptions {
  readonly applicationName: string;
  /** Cancels running statements and refuses new ones. */
  readonly signal?: AbortSignal;
  /** Milliseconds until an attempt to connect is given up; 10 s, or the URL's `connect_timeout`, where it is absent or longer. */
  readonly connectTimeout?: number;
}

const ended = new WeakSet<Client>();

const nonStandard = new WeakSet<Client>();

// Servers that took the second choice are asked for it first, so that a fleet of connections does not knock twice each.
const second = new Set<string>();

/** Opens a connection; every failure is a BootstrapError that says who tried to reach what. */
export async function connect(parameters: ConnectionParameters, options: DatabaseOptions): Promise<Client> {
  const [first, other] = tlsChoices(parameters);
  if (other === undefined) return attempt(parameters, options, first).catch(explain(parameters, options));
  const key = `${parameters.host}:${String(parameters.port)}/${parameters.sslmode ?? ''}`;
  const turned = second.has(key);
  try {
    return await attempt(parameters, options, turned ? other : first);
  } catch (error) {
    if (options.signal?.aborted === true || !isTlsRefusal(error)) return explain(parameters, options)(error);
    try {
      const client = await attempt(parameters, options, turned ? first : other);
      if (turned) second.delete(key);
      else second.add(key);
      return client;
    } catch (again) {
      // Where both are refused, what is wrong is what the answer without TLS tells, unless only that one is about TLS.
      return explain(parameters, options)(isTlsRefusal(again) ? error : again);
    }
  }
}

/** Whether a connection is closed or broken. */
export function hasEnded(client: Client): boolean {
  return ended.has(client);
}

/**
 * Lets a session read strings as our statements are written, where a role or a database has standard_conforming_strings off: backslashes
 * are then taken out of patterns. The server tells it at the login, so that others are asked nothing. Texts of others run in sessions
 * that are as their role has them.
 */
export async function standardStrings(client: Client): Promise<void> {
  if (nonStandard.has(client)) await client.query('set standard_conforming_strings = on');
}

/** Ends a connection without a word to the server, and with it the statement that waits there. */
export function drop(client: Client, reason: string): void {
  socketOf(client).destroy(Object.assign(new Error(reason), { code: 'ECONNRESET' }));
}

/** Closes a connection; one whose server does not answer the farewell is dropped. */
export async function disconnect(client: Client): Promise<void> {
  const drop = setTimeout(() => socketOf(client).destroy(), 1000);
  await client.end().catch(() => undefined);
  clearTimeout(drop);
}

async function attempt(
  parameters: ConnectionParameters,
  options: DatabaseOptions,
  tls: Tls,
): Promise<Client> {
  const { applicationName, signal, connectTimeout } = options;
  signal?.throwIfAborted();
  const { default: pg } = await import('pg');
  const client = new pg.Client(
    clientConfig(parameters, {
      applicationName,
      tls,
      ...(connectTimeout === undefined ? {} : { timeout: connectTimeout }),
    }),
  );
  endAtUnreadable(client);
  // Without a listener a server that goes away would end the whole process.
  client.on('error', () => ended.add(client));
  client.on('end', () => ended.add(client));
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'standard_conforming_strings' && parameterValue === 'off') nonStandard.add(client);
  });
  const abort = (): void => socketOf(client).destroy(new Error('the connection is no longer wanted'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    socketOf(client).destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** What the server tells of a setting; pg's types leave it out. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** The socket under a connection; pg's types do not tell it. */
function socketOf(client: Client): { destroy(error?: Error): void } {
  return (client as unknown as { connection: { stream: { destroy(error?: Error): void } } }).connection
    .stream;
}

function explain(parameters: ConnectionParameters, { signal }: DatabaseOptions): (error: unknown) => never {
  return (error) => {
    signal?.throwIfAborted();
    throw new BootstrapError(ofOptions(error, parameters) ?? ofLogin(error, parameters), { cause: error });
  };
}

/** A password that is missing may stand in a file that is not used. */
function ofLogin(error: unknown, parameters: ConnectionParameters): Problem {
  const problem = problemOf(error, parameters);
  if (problem.code !== 'DBB4002' || parameters.password !== undefined) return problem;
  const text = whyPasswordsUnused(parameters.keywords.passfile);
  return text === undefined
    ? problem
    : { ...problem, notes: [...(problem.notes ?? []), { label: 'cause', text }] };
}

/** A server that is asked to set what it does not know, or to a value that is none, says so before it lets anybody in. */
function ofOptions(error: unknown, { keywords: { options } }: ConnectionParameters): Problem | undefined {
  const { sqlstate } = problemOf(error).facts ?? {};
  if (options === undefined || !(error instanceof Error) || !/^(?:22|42601|42704)/.test(sqlstate ?? ''))
    return undefined;
  return {
    code: 'DBB4015',
    message: `the server refuses the options of the connection, "${options}": ${error.message}`,
    place: { file: process.env.PGOPTIONS === options ? 'PGOPTIONS' : '"options" in the database URL' },
    ...(sqlstate === undefined ? {} : { facts: { sqlstate } }),
    help: 'correct them: -c NAME=VALUE, with a setting that the server has',
  };
}
