import type { ErrorCode, Problem } from '../errors/index.js';

/** What libpq writes where no session comes about: it gives no SQLSTATE then, and a driver has nothing to tell it by but the text. */
const refusals: readonly (readonly [RegExp, ErrorCode, help: string])[] = [
  [
    /FATAL: {1,2}(database ".*" does not exist)/,
    'DBB4004',
    'create it, name another, or set "createDatabase: true" for the task "wait"',
  ],
  [
    /FATAL: {1,2}(role ".*" does not exist)/,
    'DBB4003',
    'create the role, or name another in the database URL',
  ],
  [
    /FATAL: {1,2}(no pg_hba\.conf entry .*|pg_hba\.conf rejects .*)/,
    'DBB4012',
    'add a line to pg_hba.conf for this role, database and address, or connect with TLS if it asks for that',
  ],
  [
    /FATAL: {1,2}(sorry, too many clients already|remaining connection slots are reserved .*|too many connections for .*)/,
    'DBB4013',
    'lower the concurrency, end idle sessions, or raise max_connections',
  ],
  [
    /FATAL: {1,2}(the database system is (?:starting up|shutting down|in recovery mode|not accepting connections).*)/,
    'DBB4001',
    'wait until it has started: the task "wait" does',
  ],
  [
    /FATAL: {1,2}(invalid value for parameter ".*|parameter ".*" (?:requires|cannot) .*|unrecognized configuration parameter ".*)/,
    'DBB4015',
    'correct or unset the variable of libpq that asks for it, such as PGTZ, PGDATESTYLE or PGOPTIONS',
  ],
  [/(timeout expired)/, 'DBB4001', 'check the address and the firewalls between'],
  [
    /(could not translate host name "[^"]*"|failed to resolve host '[^']*')/,
    'DBB4010',
    'correct the host in the database URL',
  ],
];

const refused =
  /connection to server (?:at "([^"]*)"(?: \([^)]*\))?, port (\d+)|on socket "([^"]*)") failed: Connection refused/;

/** Why the server, or the way to it, refused a login that Django tried: the cause without the driver's words around it. */
export function loginRefused(message: string): Pick<Problem, 'code' | 'message' | 'help'> | undefined {
  const [, host, port, socket] = refused.exec(message) ?? [];
  if (host !== undefined || socket !== undefined)
    return {
      code: 'DBB4001',
      message: `nothing listens at ${socket ?? `${String(host)}:${String(port)}`}`,
      help: 'start the server, or correct host and port in the database URL',
    };
  for (const [pattern, code, help] of refusals) {
    const cause = pattern.exec(message)?.[1];
    if (cause !== undefined) return { code, message: worded(cause), help };
  }
  return undefined;
}

/** The sentence that our own connection has for the same. */
function worded(cause: string): string {
  if (cause === 'timeout expired') return 'the server does not answer';
  if (cause.startsWith('database ')) return `the ${cause}`;
  if (/^(?:sorry|remaining|too many)/.test(cause)) return `the server has no free connection: ${cause}`;
  if (cause.startsWith('the database system')) return `the server is not ready: ${cause}`;
  if (/^(?:invalid value|parameter |unrecognized)/.test(cause))
    return `the server refuses the options of the connection: ${cause}`;
  if (cause.includes('pg_hba')) return `the server's rules refuse this connection: ${cause}`;
  const [, host] = /^(?:could not translate|failed to resolve).*["'](.*)["']$/.exec(cause) ?? [];
  return host === undefined ? cause : `the host name "${host}" does not resolve`;
}
