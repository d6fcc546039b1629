import { existsSync } from 'node:fs';
import { BootstrapError, redact } from '../errors/index.js';
import { systemUser } from './home-folder.js';
import { longestName } from './identifiers.js';
import { readService } from './service-file.js';
import { unheededKeyword } from './unheeded-keyword.js';
import { readQuery, writeQuery } from './url-query.js';
import { nearest } from '../text/index.js';

/** Where a database is and how to log in; all of it resolved. */
export interface ConnectionParameters {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslmode: string | undefined;
  /** Other libpq keywords (`connect_timeout`, `options`, `sslrootcert`, …), as written. */
  readonly keywords: Readonly<Record<string, string>>;
  /** The scheme as written: `postgis` chooses another engine in Django's settings. */
  readonly scheme: string;
  /** The whole URL for libpq, password included. */
  readonly url: string;
  /** The same with the scheme as written, for the project's own settings. */
  readonly projectUrl: string;
  /** The same for people. */
  readonly display: string;
}

// What Django, dj-database-url, django-environ and SQLAlchemy write for the same protocol.
const schemes =
  /^(?:postgres|postgresql|postgis|psql|pgsql|timescale|timescalegis|django_tenants|postgresql\+\w+|django\.(?:contrib\.gis\.)?db\.backends\.(?:postgresql\w*|postgis))$/;
const shape = /^([a-z][a-z0-9+._-]*):(?:\/\/)?(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

/**
 * Reads a database URL; the PG* variables fill only what it leaves out, and libpq's defaults what is missing then.
 * Throws DBB4006 for what is no URL of a PostgreSQL database.
 */
export function resolveConnection(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): ConnectionParameters {
  const match = shape.exec(text.trim());
  if (!match) throw notOne(text, 'it does not look like postgres://USER:PASSWORD@HOST:PORT/NAME');
  const [, scheme = '', login, server = '', path, query] = match;
  if (!schemes.test(scheme.toLowerCase())) throw notOne(text, `"${scheme}" is not a scheme of PostgreSQL`);
  const keywords = readQuery(query ?? '', (part) => decode(text, part));
  const colon = login?.indexOf(':') ?? -1;
  const written = {
    user: decode(text, colon < 0 ? login : login?.slice(0, colon)),
    password: decode(text, colon < 0 ? undefined : login?.slice(colon + 1)),
    ...splitServer(text, server),
    database: decode(text, path),
  };
  const take = (name: string, from: Record<string, string> = keywords): string | undefined => {
    const value = from[name];
    Reflect.deleteProperty(from, name);
    return value === '' ? undefined : value;
  };
  // As in libpq: what stands behind the "?" wins over what stands before it, then comes the service, then the environment.
  // What PGSERVICE names is another server than the one that a URL names, and its password is not for that.
  const service = serviceOf(
    text,
    take('service'),
    written.host === undefined ? env : { ...env, PGSERVICE: '' },
  );
  const pick = (name: string, before?: string): string | undefined => {
    const [first, last] = [take(name), take(name, service)];
    return first ?? before ?? last;
  };
  if (keywords.ssl === 'true' && !('sslmode' in keywords)) keywords.sslmode = 'require';
  take('ssl');
  const unheeded = unheededKeyword({ ...service, ...keywords }, written.host);
  if (unheeded) throw notOne(text, unheeded.reason, unheeded);
  checkMode(text, keywords.sslmode);
  checkMode(text, service.sslmode, 'the service');
  const user = pick('user', written.user) ?? (env.PGUSER || systemUser());
  if (user === undefined) throw notOne(text, 'it names no user, and the one who runs this has no name');
  const port = portOf(text, pick('port', written.port)) ?? portOf(text, env.PGPORT, 'PGPORT') ?? 5432;
  const hosts = [
    take('host'),
    take('hostaddr'),
    written.host,
    take('host', service),
    take('hostaddr', service),
  ];
  const host =
    hosts.find((each) => each !== undefined) ?? (env.PGHOST || env.PGHOSTADDR || defaultHost(port));
  if (!host.startsWith('/') && /[\s@,]/.test(host)) {
    if (hosts.some((each) => each !== undefined)) throw notOne(text, hostRule);
    const variable = env.PGHOST ? 'PGHOST' : 'PGHOSTADDR';
    const help = 'write one host name or address there';
    throw notOne(text, `"${host}" in ${variable} is not a host: ${hostRule}`, { variable, help });
  }
  const parts = {
    scheme,
    host,
    port,
    user,
    password: pick('password', written.password) ?? (env.PGPASSWORD || undefined),
    database: pick('dbname', written.database) ?? (env.PGDATABASE || user),
    sslmode: pick('sslmode') ?? (env.PGSSLMODE || undefined),
    keywords: { ...fromEnvironment(env), ...service, ...keywords },
  };
  checkMode(text, parts.sslmode, 'PGSSLMODE', 'PGSSLMODE');
  checkTimeout(text, parts.keywords.connect_timeout, env.PGCONNECT_TIMEOUT);
  checkName(text, 'database', parts.database, env.PGDATABASE);
  checkName(text, 'user', parts.user, env.PGUSER);
  return { ...parts, ...urlsOf(parts) };
}

// What our own connection heeds of libpq's environment, beside the parts.
const variables: Readonly<Record<string, string>> = {
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  passfile: 'PGPASSFILE',
};

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, variable]) => {
      const value = env[variable];
      return value ? [[name, value]] : [];
    }),
  );
}

function serviceOf(
  text: string,
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const name = named ?? (env.PGSERVICE || undefined);
  if (name === undefined) return {};
  const service = readService(name, env);
  if (service) return { ...service };
  throw notOne(
    text,
    `there is no service "${name}", which ${named === undefined ? 'PGSERVICE' : 'it'} names`,
    {
      help: 'add it to ~/.pg_service.conf, or to the file that PGSERVICEFILE names',
      ...(named === undefined ? { variable: 'PGSERVICE' } : {}),
    },
  );
}

/** The same server and login, another database. */
export function withDatabase(parameters: ConnectionParameters, database: string): ConnectionParameters {
  const parts = { ...parameters, database };
  return { ...parts, ...urlsOf(parts) };
}

function splitServer(text: string, server: string): { host: string | undefined; port: string | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(server);
  // With an "@" in it, what stands there is a part of a password.
  if (server.includes(',') && !server.includes('@'))
    throw notOne(text, 'it names several hosts, and a run works with one', { help: 'name one host in it' });
  if (!match)
    throw notOne(
      text,
      // What stands there may be the first half of a password.
      'what stands between "//" (or "@") and the next "/" is not a host, or a host and a port (a password with ":", "/", "@" or "#" must be percent-encoded)',
    );
  const host = decode(text, match[1]);
  if (host !== undefined && /[\s@:,]/.test(host.replace(/^\[.*\]$/, ''))) throw notOne(text, hostRule);
  return { host: host?.replace(/^\[(.*)\]$/, '$1'), port: match[2] === '' ? undefined : match[2] };
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

function checkMode(text: string, mode: string | undefined, source = 'the URL', variable?: string): void {
  if (mode === undefined || mode === '' || modes.includes(mode)) return;
  const near = nearest(mode, modes);
  throw notOne(text, `"${mode}" in ${source} is not an sslmode`, {
    help:
      near === undefined
        ? `use one of ${modes.join(', ')}`
        : `did you mean "${variable === undefined ? 'sslmode=' : ''}${near}"?`,
    ...(variable === undefined ? {} : { variable }),
  });
}

/** libpq refuses what is no number, so every child of ours would fail. */
function checkTimeout(text: string, seconds: string | undefined, inherited: string | undefined): void {
  if (seconds === undefined || /^\s*[+-]?\d+\s*$/.test(seconds)) return;
  const variable = 'PGCONNECT_TIMEOUT';
  const help = 'write a number of seconds';
  if (seconds === inherited)
    throw notOne(text, `"${seconds}" in ${variable} is not a number`, { variable, help });
  throw notOne(text, `"${seconds}" in connect_timeout is not a number`, { help });
}

/** PostgreSQL would cut the name, and take what is left for a database or a role. `inherited` is what the environment says. */
function checkName(
  text: string,
  what: 'database' | 'user',
  name: string,
  inherited: string | undefined,
): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= longestName) return;
  const variable = `PG${what.toUpperCase()}`;
  const long = `has ${String(bytes)} bytes, of which PostgreSQL keeps ${String(longestName)}`;
  const help = `choose a name of at most ${String(longestName)} bytes`;
  if (name === inherited)
    throw notOne(text, `the name of the ${what} in ${variable} ${long}`, { variable, help });
  throw notOne(text, `the name of the ${what} in it ${long}`, { help });
}

function portOf(text: string, written: string | undefined, variable?: string): number | undefined {
  if (written === undefined || written === '') return undefined;
  const port = Number(written);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw notOne(
      text,
      `"${written}" in ${variable ?? 'the URL'} is not a port`,
      variable === undefined ? {} : { variable, help: 'write a number from 1 to 65535 there, or unset it' },
    );
  return port;
}

/** libpq's default is the server's socket; its folder is Debian's, or PostgreSQL's own. */
function defaultHost(port: number): string {
  const folders = ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${String(port)}`)) ?? 'localhost';
}

function decode(text: string, part: string | undefined): string | undefined {
  if (part === undefined || part === '') return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch {
    throw notOne(
      text,
      'a "%" in it is not followed by two hexadecimal digits (write "%25" for a percent sign)',
    );
  }
  if (decoded.includes('\0')) throw notOne(text, 'a zero byte ("%00") stands in it');
  return decoded;
}

type Parts = Omit<ConnectionParameters, 'url' | 'projectUrl' | 'display'>;

function urlsOf(parts: Parts): Pick<ConnectionParameters, 'url' | 'projectUrl' | 'display'> {
  const { password, scheme } = parts;
  const url = urlOf(parts, password);
  return {
    url,
    projectUrl: url.replace(/^postgres/, scheme),
    display: urlOf(parts, password === undefined ? undefined : '***'),
  };
}

function urlOf(parts: Parts, password: string | undefined): string {
  const { host, port, user, database, sslmode, keywords } = parts;
  const socket = host.startsWith('/');
  const login = `${encodeURIComponent(user)}${password === undefined ? '' : `:${password === '***' ? password : encodeURIComponent(password)}`}`;
  const query = writeQuery({ ...(sslmode === undefined ? {} : { sslmode }), ...keywords });
  // A socket's folder as libpq, URL parsers and dj-database-url all read it: percent-encoded in place of the host.
  const server = socket
    ? encodeURIComponent(host)
    : host.includes(':')
      ? `[${host.replace('%', '%25')}]`
      : host;
  return `postgres://${login}@${server}:${String(port)}/${encodeURIComponent(database)}${query}`;
}

const hostRule = 'a host name has no spaces, commas or signs';

/** `variable` is the one to blame where it is not the URL. */
function notOne(
  text: string,
  reason: string,
  { help, variable }: { readonly help?: string; readonly variable?: string } = {},
): BootstrapError {
  const shown = text.includes('://') ? maskedUrl(text) : undefined;
  const url = `the database URL ${shown === undefined ? '' : `"${shown}" `}is not one: `;
  return new BootstrapError({
    code: 'DBB4006',
    message: variable === undefined ? `${url}${reason}` : reason,
    help: help ?? 'write it as postgres://USER:PASSWORD@HOST:5432/NAME, special characters percent-encoded',
    ...(variable === undefined ? {} : { facts: { variable } }),
  });
}

/** A URL that cannot be read, without anything that may be a password: all from the first colon to the last "@", or to the end. */
export function maskedUrl(text: string): string {
  const login = /(:\/\/[^:]*:).*@/s;
  if (login.test(text)) return redact(text).replace(login, '$1***@');
  return redact(text).replace(/(:\/\/[^:/]*:)(?!\d+(?:[/?]|$)).*/s, '$1***');
}
