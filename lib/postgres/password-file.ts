import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from './home-folder.js';
import { readPlainFile, whyUnread } from './plain-file.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** The password that `~/.pgpass` (or another file of that kind) holds for a connection, by libpq's rules. */
export function passwordFromFile(
  parameters: Pick<ConnectionParameters, 'host' | 'port' | 'user' | 'database'>,
  file = ownFile(),
): string | undefined {
  if (file === undefined) return undefined;
  let lines: string[];
  try {
    lines = readPasswords(file);
  } catch {
    return undefined;
  }
  const { host, port, database, user } = parameters;
  const wanted = [host.startsWith('/') ? ['localhost', host] : [host], [String(port)], [database], [user]];
  for (const line of lines) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    const password = fields[4];
    if (password !== undefined && wanted.every((names, index) => matches(fields[index], names)))
      return password;
  }
  return undefined;
}

/** Why a file of passwords that was named, or that is where one is looked for, is not used; undefined where it is. */
export function whyPasswordsUnused(named: string | undefined): string | undefined {
  const file = named ?? ownFile();
  if (file === undefined || (named === undefined && !existsSync(file))) return undefined;
  try {
    readPasswords(file);
    return undefined;
  } catch (error) {
    return `the file of passwords "${file}" is not used: ${whyUnread(error)}`;
  }
}

function readPasswords(file: string): string[] {
  // libpq takes no file that others may read either.
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new Error('others may read it, which "chmod 600" ends');
  return readPlainFile(file).split(/\r?\n/);
}

function ownFile(): string | undefined {
  const home = homeFolder();
  return home === undefined ? undefined : join(home, '.pgpass');
}

function matches(field: string | undefined, names: readonly string[]): boolean {
  return field !== undefined && (field === '*' || names.includes(field));
}

/** Five fields between colons; a backslash takes the next character as it is. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field = '']) =>
    field.replace(/\\(.)/g, '$1'),
  );
}
