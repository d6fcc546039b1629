import { join } from 'node:path';
import { homeFolder } from './home-folder.js';
import { readPlainFile } from './plain-file.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The keywords that a connection service stands for, by libpq's rules: the file that PGSERVICEFILE names, else ~/.pg_service.conf, and
 * then pg_service.conf in PGSYSCONFDIR. Undefined where none of them knows the service.
 */
export function readService(name: string, env: Environment): Readonly<Record<string, string>> | undefined {
  const home = homeFolder(env);
  const own = env.PGSERVICEFILE || (home === undefined ? undefined : join(home, '.pg_service.conf'));
  const system = join(env.PGSYSCONFDIR || '/etc/postgresql-common', 'pg_service.conf');
  for (const file of own === undefined ? [system] : [own, system]) {
    const found = sectionOf(file, name);
    if (found) return found;
  }
  return undefined;
}

function sectionOf(file: string, name: string): Record<string, string> | undefined {
  let lines: string[];
  try {
    lines = readPlainFile(file).split('\n');
  } catch {
    return undefined;
  }
  let section: Record<string, string> | undefined;
  for (const line of lines.map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (section) break;
      if (line === `[${name}]`) section = {};
    } else if (section) {
      const [, key, value = ''] = /^([^=]+?)=(.*)$/.exec(line) ?? [];
      if (key !== undefined) section[key] ??= value;
    }
  }
  return section;
}
