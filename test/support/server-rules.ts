import { execFileSync } from 'node:child_process';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { query, type OwnServer } from './postgres.js';

/** Gives a server these lines of pg_hba.conf, and restarts it. */
export async function setRules(server: OwnServer, lines: readonly string[]): Promise<void> {
  const file = join(server.folder, 'data/pg_hba.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  await server.halt('fast');
  await server.start();
}

/** Lets a server speak TLS from its next start, with a certificate for "localhost"; its path. */
export async function offerTls(server: OwnServer): Promise<string> {
  const [key, certificate] = [join(server.folder, 'server.key'), join(server.folder, 'server.crt')];
  const words = `req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${certificate}`;
  execFileSync('openssl', words.split(' '), { stdio: 'pipe' });
  // Only the server may read its key.
  const { uid, gid } = statSync(server.folder);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
  await query(server.url, `alter system set ssl_cert_file = '${certificate}'`);
  await query(server.url, `alter system set ssl_key_file = '${key}'`);
  await query(server.url, 'alter system set ssl = on');
  return certificate;
}
