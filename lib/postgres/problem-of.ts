import {
  asError,
  BootstrapError,
  shortageProblem,
  type ErrorCode,
  type Facts,
  type Note,
  type Problem,
} from '../errors/index.js';
import { conditionOf } from './sqlstates.js';
import { statementExcerpt } from './statement-excerpt.js';

/** What pg and Node put on their errors, as far as it is used. */
interface DriverError extends Error {
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly where?: string;
}

/** Why a connection was dropped whose server had not said a word for long. */
export const silence = 'the server no longer answers';

/** What we know beside the error itself. */
export interface FailureScene {
  readonly statement?: string;
  /** Statements of the same text that the server had completed before. */
  readonly completed?: number;
  /** "role \"app\" at 127.0.0.1:5432/shop": who tried to reach what. */
  readonly user?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
}

/** Turns a failure of PostgreSQL, its driver or the network into a problem: the cause first, with all that the server told. */
export function problemOf(error: unknown, scene: FailureScene = {}): Problem {
  if (error instanceof BootstrapError) return error.problems[0];
  const fault: DriverError =
    error instanceof AggregateError ? ((error.errors as DriverError[])[0] ?? error) : asError(error);
  const sqlstate =
    /^[0-9A-Z]{5}$/.test(fault.code ?? '') && fault.severity !== undefined ? fault.code : undefined;
  const facts: Facts = {
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(scene.statement === undefined || sqlstate === undefined ? {} : { statement: scene.statement }),
    ...(sqlstate !== undefined && scene.completed ? { completed: scene.completed } : {}),
    ...(fault.position === undefined ? {} : { position: Number(fault.position) }),
    ...(fault.schema === undefined ? {} : { schema: fault.schema }),
    ...(fault.table === undefined ? {} : { table: fault.table }),
    ...(fault.column === undefined ? {} : { column: fault.column }),
    ...(fault.constraint === undefined ? {} : { constraint: fault.constraint }),
  };
  const known = sqlstate === undefined ? ofNetwork(fault, scene) : ofServer(fault, sqlstate, scene);
  return { ...known, notes: [...(known.notes ?? []), ...notesOf(fault, sqlstate, scene)], facts };
}

type Known = Pick<Problem, 'code' | 'message' | 'help' | 'notes'>;

function ofServer(fault: DriverError, sqlstate: string, scene: FailureScene): Known {
  const { user = '?', database = '?' } = scene;
  const where = placeOf(scene);
  switch (sqlstate) {
    case '28P01':
      return {
        code: 'DBB4002',
        // For an unknown role the server pretends the same, so as not to tell which roles exist.
        message: `the password of role "${user}" is wrong, or there is no such role`,
        help: `check user and password in the database URL for ${where}`,
      };
    case '28000':
      if (/no pg_hba\.conf entry|pg_hba\.conf rejects/.test(fault.message)) {
        return {
          code: 'DBB4012',
          message: `the server's rules refuse this connection: ${fault.message}`,
          help: 'add a line to pg_hba.conf for this role, database and address, or connect with TLS if it asks for that',
        };
      }
      return {
        code: 'DBB4003',
        message: fault.message,
        help: `create the role, or name another in the database URL for ${where}`,
      };
    case '3D000':
      // A statement names another database: a template, say.
      if (scene.statement !== undefined) return { code: 'DBB5004', message: fault.message };
      return {
        code: 'DBB4004',
        message: `the database "${database}" does not exist`,
        help: 'create it, name another, or set "createDatabase: true" for the task "wait"',
      };
    case '53300':
      return {
        code: 'DBB4013',
        message: `the server has no free connection: ${fault.message}`,
        help: `lower the concurrency, end idle sessions, or raise ${limitOf(fault.message)}`,
      };
    case '42501':
      return {
        code: 'DBB4014',
        message: `role "${user}" may not do that: ${fault.message}`,
        help: 'grant the role what the statement needs, or run as another',
      };
    case '57P03':
      return {
        code: 'DBB4001',
        message: `the server is not ready: ${fault.message}`,
        help: 'wait until it has started: the task "wait" does',
      };
    case '57P01':
    case '57P02':
      return {
        code: 'DBB4007',
        message: `the server ended the connection: ${fault.message}`,
        help: 'find out who stopped the server or the session, and run again: finished work is not repeated',
      };
    case '08P01':
      return ofPooler(fault, where) ?? { code: 'DBB4007', message: fault.message };
    default:
      return {
        code: sqlstate.startsWith('08') ? 'DBB4007' : 'DBB5004',
        message: fault.message,
        ...(fault.hint === undefined ? {} : { help: fault.hint }),
      };
  }
}

/** PgBouncer has one SQLSTATE for all it says. */
function ofPooler({ message }: DriverError, where: string): Known | undefined {
  if (message.includes('query_wait_timeout'))
    return {
      code: 'DBB4013',
      message: `the pooler at ${where} had no connection to the server left (query_wait_timeout): its pool is smaller than a run needs, or other clients use it`,
      help: 'raise default_pool_size of PgBouncer (or pool_size of the database in it), or connect to the server itself',
    };
  if (message.includes('no more connections allowed'))
    return {
      code: 'DBB4013',
      message: `the pooler at ${where} takes no more clients: ${message}`,
      help: 'raise max_client_conn of PgBouncer, or connect to the server itself',
    };
  return undefined;
}

const networkCodes: Record<string, [ErrorCode, (where: string, host: string) => string, string]> = {
  ECONNREFUSED: [
    'DBB4001',
    (where) => `nothing listens at ${where}`,
    'start the server, or correct host and port in the database URL',
  ],
  ENOENT: [
    'DBB4001',
    (where) => `there is no socket at ${where}`,
    'start the server, or correct the folder of the socket',
  ],
  ENOTFOUND: [
    'DBB4010',
    (_where, host) => `the host name "${host}" does not resolve`,
    'correct the host in the database URL',
  ],
  EAI_AGAIN: [
    'DBB4010',
    (_where, host) => `the host name "${host}" does not resolve at the moment`,
    'check the name and the name server',
  ],
  ECONNRESET: [
    'DBB4007',
    (where) => `the connection to ${where} was lost`,
    'see whether the server restarted, and run again: finished work is not repeated',
  ],
  EPIPE: [
    'DBB4007',
    (where) => `the connection to ${where} was lost`,
    'see whether the server restarted, and run again: finished work is not repeated',
  ],
  ETIMEDOUT: [
    'DBB4001',
    (where) => `${where} does not answer`,
    'check the address and the firewalls between',
  ],
  EACCES: [
    'DBB4001',
    (where) => `this user may not open the socket at ${where}`,
    'give the user access to the folder of the socket, or connect to a host',
  ],
  EHOSTUNREACH: ['DBB4001', (where) => `no route leads to ${where}`, 'check the address and the network'],
  ENETUNREACH: ['DBB4001', (where) => `no route leads to ${where}`, 'check the address and the network'],
};

function ofNetwork(fault: DriverError, scene: FailureScene): Known {
  const shortage = shortageProblem(fault);
  if (shortage) return shortage;
  const where = placeOf(scene);
  if (fault.message === silence)
    return {
      code: 'DBB4007',
      message: `the connection to ${where} was lost: the server no longer answers`,
      help: 'see whether it is overloaded, stopped or cut off, and run again: finished work is not repeated',
    };
  const known = networkCodes[fault.code ?? ''];
  if (known) return { code: known[0], message: known[1](where, scene.host ?? '?'), help: known[2] };
  if (/does not support SSL|certificate|SSL|TLS/i.test(fault.message)) {
    return {
      code: 'DBB4011',
      message: `TLS failed with ${where}: ${fault.message}`,
      help: /does not support SSL/.test(fault.message)
        ? 'turn TLS on in the server, or correct sslmode in the database URL'
        : "let sslrootcert name the authority that signed the server's certificate, and the URL the host that the certificate names",
    };
  }
  if (/timeout expired/.test(fault.message)) {
    return {
      code: 'DBB4001',
      message: `${where} does not answer`,
      help: 'check the address and the firewalls between',
    };
  }
  if (/Connection terminated/.test(fault.message)) {
    return {
      code: 'DBB4007',
      message: `the connection to ${where} was lost`,
      help: 'see whether the server restarted, and run again: finished work is not repeated',
    };
  }
  if (/received invalid response/.test(fault.message)) {
    return {
      code: 'DBB4007',
      message: `what answers at ${where} is not PostgreSQL: ${fault.message}`,
      help: 'correct host and port in the database URL',
    };
  }
  if (/password must be a (?:non-empty )?string|no password/i.test(fault.message)) {
    return {
      code: 'DBB4002',
      message: `role "${scene.user ?? '?'}" needs a password and none is given`,
      help: 'put it into the database URL or PGPASSWORD',
    };
  }
  const method = loginMethod(fault.message);
  if (method !== undefined) {
    return {
      code: 'DBB4012',
      message: `the server's rules ask for a login ${method}, which db-bootstrap does not offer`,
      help: 'add a line to pg_hba.conf that lets this role in by a password (scram-sha-256) or a certificate from this address',
    };
  }
  if (/^SASL: /.test(fault.message)) {
    return {
      code: 'DBB4007',
      message: `what answers at ${where} does not log in as PostgreSQL does: ${fault.message}`,
      help: 'correct host and port in the database URL, or see what stands between',
    };
  }
  return { code: 'DBB5004', message: fault.message || 'the server gave no reason' };
}

/** How a server wants a role to log in, where the driver knows no way to. */
function loginMethod(message: string): string | undefined {
  if (message.startsWith('SASL: Only mechanism')) return 'by another mechanism than SCRAM-SHA-256';
  const [, type] = /^Unknown authenticationOk message type (\d+)$/.exec(message) ?? [];
  return type === undefined ? undefined : `by ${loginTypes[type] ?? `the method number ${type}`}`;
}

/** The numbers that the protocol gives to what pg_hba.conf calls krb5, gss and sspi. */
const loginTypes: Readonly<Record<string, string>> = { 2: 'Kerberos V5', 7: 'GSSAPI', 9: 'SSPI' };

function notesOf(fault: DriverError, sqlstate: string | undefined, scene: FailureScene): Note[] {
  if (sqlstate === undefined) return [];
  const excerpt =
    scene.statement === undefined
      ? undefined
      : statementExcerpt(scene.statement, Number(fault.position ?? NaN));
  const condition = conditionOf(sqlstate);
  return [
    { label: 'sqlstate', text: condition === undefined ? sqlstate : `${sqlstate} (${condition})` },
    ...(fault.detail === undefined ? [] : [{ label: 'detail', text: fault.detail }]),
    ...(excerpt === undefined ? [] : [{ label: 'statement', text: excerpt }]),
    ...(fault.where === undefined ? [] : [{ label: 'where', text: fault.where }]),
  ];
}

function placeOf({ host, port, database }: FailureScene): string {
  if (host === undefined) return 'the server';
  return `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${String(port)}`}${database === undefined ? '' : `/${database}`}`;
}

/** What a server that has no connection left says was reached. */
function limitOf(message: string): string {
  const [, kind, name] = /^too many connections for (role|database) ("[^]+")$/.exec(message) ?? [];
  return kind === undefined || name === undefined
    ? 'max_connections'
    : `what that ${kind} may have: alter ${kind} ${name} connection limit …`;
}
