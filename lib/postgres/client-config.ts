import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { BootstrapError } from '../errors/index.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** Milliseconds until an unanswered connection attempt is given up. */
const connectTimeout = 10_000;

/** What pg needs to connect. The parts are handed over one by one: pg's own reading of URLs differs from libpq's. */
export function clientConfig(parameters: ConnectionParameters, applicationName: string): ClientConfig {
  const { host, port, user, password, database, keywords } = parameters;
  return {
    host,
    port,
    user,
    database,
    // An empty string keeps pg from looking elsewhere than we did, but for ~/.pgpass, which it reads when none is given.
    ...(password === undefined ? {} : { password }),
    application_name: applicationName,
    connectionTimeoutMillis: Number(keywords.connect_timeout ?? 0) * 1000 || connectTimeout,
    keepAlive: true,
    ...(keywords.options === undefined ? {} : { options: keywords.options }),
    ssl: sslOf(parameters),
  };
}

/** libpq's sslmode: `require` encrypts and verifies nothing, unless a root certificate is given; `verify-*` verify. */
function sslOf({ sslmode, keywords }: ConnectionParameters): ClientConfig['ssl'] {
  const { sslrootcert, sslcert, sslkey } = keywords;
  if (sslmode === undefined || sslmode === 'disable' || sslmode === 'allow' || sslmode === 'prefer')
    return false;
  const files = {
    ...(sslrootcert === undefined ? {} : { ca: read('sslrootcert', sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: read('sslcert', sslcert) }),
    ...(sslkey === undefined ? {} : { key: read('sslkey', sslkey) }),
  };
  if (sslmode === 'verify-full') return { ...files, rejectUnauthorized: true };
  if (sslmode === 'verify-ca' || sslrootcert !== undefined) {
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  }
  return { ...files, rejectUnauthorized: false };
}

function read(keyword: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BootstrapError({
      code: 'DBB4011',
      message: `the file that ${keyword} names, "${file}", cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      help: `correct ${keyword} in the database URL`,
    });
  }
}
