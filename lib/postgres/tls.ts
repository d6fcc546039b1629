import type { ClientConfig } from 'pg';
import { BootstrapError } from '../errors/index.js';
import { readPlainFile, whyUnread } from './plain-file.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** What pg takes as `ssl`. */
export type Tls = NonNullable<ClientConfig['ssl']>;

const loose = { rejectUnauthorized: false };

/**
 * How to encrypt, in the order to try, with libpq's meaning of sslmode: `require` encrypts and verifies nothing unless a root
 * certificate is given, `verify-*` verify, `prefer` (the default) takes what the server offers. On this machine `prefer` begins
 * without: nobody listens there.
 */
export function tlsChoices({ sslmode, keywords, host }: ConnectionParameters): readonly [Tls, Tls?] {
  if (host.startsWith('/') || sslmode === 'disable') return [false];
  if (sslmode === 'allow') return [false, loose];
  if (sslmode === undefined || sslmode === 'prefer') return isLocal(host) ? [false, loose] : [loose, false];
  const { sslrootcert, sslcert, sslkey } = keywords;
  const files = {
    ...(sslrootcert === undefined || sslrootcert === 'system'
      ? {}
      : { ca: read('sslrootcert', sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: read('sslcert', sslcert) }),
    ...(sslkey === undefined ? {} : { key: read('sslkey', sslkey) }),
  };
  if (sslmode === 'verify-full') return [{ ...files, rejectUnauthorized: true }];
  if (sslmode === 'verify-ca' || sslrootcert !== undefined)
    return [{ ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }];
  return [{ ...files, ...loose }];
}

/** Whether a connection failed in a way that the other choice may mend: the server has no TLS, or its rules ask for it. */
export function isTlsRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (code === '28000') return /no pg_hba\.conf entry|pg_hba\.conf rejects/.test(error.message);
  return /does not support SSL/.test(error.message) || /^(?:ERR_SSL|EPROTO)/.test(code);
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function read(keyword: string, file: string): string {
  try {
    return readPlainFile(file);
  } catch (error) {
    throw new BootstrapError({
      code: 'DBB4011',
      message: `the file that ${keyword} names, "${file}", cannot be read (${whyUnread(error)})`,
      help: `correct ${keyword} in the database URL`,
    });
  }
}
