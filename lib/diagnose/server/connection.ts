import { lookup } from 'node:dns/promises';
import { connect as openSocket, isIP } from 'node:net';
import { userInfo } from 'node:os';
import { BootstrapError, type Problem } from '../../errors/index.js';
import { connect, disconnect, withDatabase, type ConnectionParameters } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { nearest } from '../../text/index.js';

/** The database cannot be reached: which of host, TLS, role, password and database is wrong, and how that was told apart. */
export const connection: Rule = {
  name: 'connection',
  reads: [],
  find: async (evidence) => {
    const { connection: parameters, database } = evidence;
    if (!parameters || database) return [];
    const failure = await problemOf(parameters, evidence.signal);
    if (!failure || isToBeCreated(failure, evidence)) return [];
    return [await diagnose(failure, parameters, evidence)];
  },
};

/** Which part is wrong, by the code of the failure. */
const parts: Readonly<Partial<Record<Problem['code'], 'host' | 'TLS' | 'role' | 'password' | 'database'>>> = {
  DBB4001: 'host',
  DBB4007: 'host',
  DBB4010: 'host',
  DBB4011: 'TLS',
  DBB4003: 'role',
  DBB4002: 'password',
  DBB4004: 'database',
};

/** Why a login fails; undefined where it succeeds by now. */
async function problemOf(
  parameters: ConnectionParameters,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  try {
    await disconnect(await connect(parameters, { applicationName: 'db-bootstrap/doctor', signal }));
    return undefined;
  } catch (error) {
    if (error instanceof BootstrapError) return error.problems[0];
    throw error;
  }
}

/** One thing to do, told by what the server did: the failure alone may have had several causes. */
function repairOf({ code, message, help = 'correct the database URL' }: Problem): string {
  if (code === 'DBB4007')
    return 'correct host and port in the database URL: what listens there is not PostgreSQL';
  if (code !== 'DBB4011') return help;
  return /does not support SSL/i.test(message)
    ? 'write sslmode=disable into the database URL, or switch TLS on at the server: it offers none'
    : 'name the authority of its certificate with sslrootcert=… in the database URL, and the host as the certificate does';
}

async function isTakenWithTls(parameters: ConnectionParameters, signal: AbortSignal): Promise<boolean> {
  if (parameters.sslmode !== 'disable') return false;
  const problem = await problemOf({ ...parameters, sslmode: 'require' }, signal);
  return problem?.code !== 'DBB4012' && problem?.code !== 'DBB4011';
}

/** A database that the task "wait" will create is none that is missing. */
function isToBeCreated({ code }: Problem, { workflow }: Evidence): boolean {
  if (code !== 'DBB4004') return false;
  return [...(workflow?.tasks.values() ?? [])].some(
    ({ enabled, kind, options }) =>
      enabled &&
      kind.readies === true &&
      (options as { readonly createDatabase?: boolean }).createDatabase === true,
  );
}

async function diagnose(
  failure: Problem,
  parameters: ConnectionParameters,
  evidence: Evidence,
): Promise<Diagnosis> {
  const { host, port, user, database } = parameters;
  // A rule may ask for nothing but TLS: then the same login is taken with it.
  const wantsTls = failure.code === 'DBB4012' && (await isTakenWithTls(parameters, evidence.signal));
  const part = wantsTls ? 'TLS' : parts[failure.code];
  const others = failure.code === 'DBB4004' ? await databasesOf(parameters) : undefined;
  const near = others && nearest(database, others);
  const pooler = /unsupported startup parameter:?\s*(\S+)?/.exec(failure.message);
  return {
    ...(pooler
      ? {
          code: 'DBB4042' as const,
          message: `a pooler at ${host}:${String(port)} refuses the parameter "${pooler[1] ?? '?'}" of the connection`,
        }
      : { code: failure.code, message: failure.message }),
    subject: {
      ...(pooler ? { part: 'parameter', setting: pooler[1] ?? '' } : part ? { part } : {}),
      host,
      port: String(port),
      user,
      database,
    },
    expected: `a login to ${parameters.display} that is answered`,
    actual: pooler ? 'the pooler closed the connection before the login' : failure.message,
    evidence: [
      ...(await steps(failure.code, parameters)),
      ...(wantsTls ? ['the same login with sslmode=require gets past these rules'] : []),
      ...(others ? [`databases of this server: ${others.join(', ')}`] : []),
      ...originOfUser(failure, parameters, evidence),
      ...(failure.notes ?? []).map(({ label, text }) => `${label}: ${text}`),
    ],
    help: wantsTls
      ? 'write sslmode=require into the database URL: the server asks for TLS, and the URL switches it off'
      : pooler
        ? 'connect to the server itself, or add the parameter to ignore_startup_parameters of PgBouncer'
        : near === undefined
          ? repairOf(failure)
          : `did you mean the database "${near}"?`,
  };
}

/** What was tried on the way to the login, in order, up to the step that failed. */
async function steps(code: Problem['code'], { host, port, user, database, sslmode }: ConnectionParameters) {
  const lines: string[] = [];
  if (!host.startsWith('/') && isIP(host) === 0) {
    const found = await lookup(host).catch(() => undefined);
    lines.push(
      found ? `the name "${host}" resolves to ${found.address}` : `the name "${host}" does not resolve`,
    );
    if (!found) return lines;
  }
  const refused = await accepts(host, port);
  const where = host.startsWith('/') ? `the socket in ${host}` : `${host}:${String(port)}`;
  lines.push(
    refused === undefined ? `${where} takes connections` : `${where} takes no connection (${refused})`,
  );
  if (refused !== undefined) return lines;
  if (code === 'DBB4011') return [...lines, `TLS, asked for by sslmode=${sslmode ?? 'prefer'}, fails`];
  if (code === 'DBB4001' || code === 'DBB4007')
    return [...lines, 'nothing that speaks PostgreSQL answers there'];
  lines.push('a PostgreSQL server answers');
  if (code === 'DBB4012') return [...lines, `its rules refuse role "${user}" from this address`];
  if (code === 'DBB4003') return [...lines, `the server says that role "${user}" cannot log in`];
  if (code === 'DBB4002')
    return [
      ...lines,
      `the login of role "${user}" is refused (the server does not tell whether the role exists)`,
    ];
  lines.push(`role and password are right: the login of "${user}" is accepted`);
  if (code === 'DBB4004') lines.push(`there is no database "${database}"`);
  return lines;
}

/** Undefined where a connection is taken, else why not. */
function accepts(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = host.startsWith('/')
      ? openSocket(`${host}/.s.PGSQL.${String(port)}`)
      : openSocket(port, host);
    const end = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => end('no answer within 5 s'));
    socket.on('connect', () => end(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** The databases of the server, where one that is always there lets us in. */
async function databasesOf(parameters: ConnectionParameters): Promise<readonly string[] | undefined> {
  for (const name of ['postgres', 'template1']) {
    const client = await connect(withDatabase(parameters, name), {
      applicationName: 'db-bootstrap/doctor',
    }).catch(() => undefined);
    if (!client) continue;
    try {
      const { rows } = await client.query<{ name: string }>(
        'select datname as name from pg_catalog.pg_database where datallowconn order by datname limit 20',
      );
      return rows.map((row) => row.name);
    } finally {
      await disconnect(client);
    }
  }
  return undefined;
}

/** Where the name of the role comes from, where nobody wrote one: the usual cause of a role "root" that does not exist. */
function originOfUser(
  { code }: Problem,
  { user }: ConnectionParameters,
  { workflow, env }: Evidence,
): readonly string[] {
  if (code !== 'DBB4002' && code !== 'DBB4003') return [];
  const url = workflow?.database.kind === 'url' ? workflow.database.url : '';
  const lines: string[] = [];
  if (user === userInfo().username && !/\/\/[^/?#]*@|[?&]user=/.test(url))
    lines.push(`"${user}" is the user of the operating system: neither the URL nor PGUSER names a role`);
  if (env.POSTGRES_USER !== undefined && env.POSTGRES_USER !== user)
    lines.push(`POSTGRES_USER is "${env.POSTGRES_USER}"`);
  return lines;
}
