import type { TaskDatabase } from '../../config/define.js';
import { keywordVariable } from '../postgres/index.js';
import { runVariable } from '../process/index.js';

/** Where a database is, as children are told. */
export type DatabaseParts = Pick<TaskDatabase, 'url' | 'host' | 'port' | 'name' | 'user' | 'password'> & {
  /** The URL with the scheme that the project's settings know: `postgis` and its like. */
  readonly projectUrl?: string;
};

const parts = ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE'] as const;
// libpq would let these win over, or mix them with, the parts above.
const overriding = ['PGHOSTADDR', 'PGSERVICE'];

/**
 * The environment of a task's children: the workflow's, the resolved database, the task's own. The database's variables never
 * contradict each other: a task's own DATABASE_URL drops all parts, and a part of its own drops the URL (and the password, which
 * belongs to another server or role then).
 */
export function taskEnvironment(options: {
  readonly base: Readonly<Record<string, string>>;
  readonly own: Readonly<Record<string, string>>;
  readonly database: DatabaseParts | undefined;
  readonly runId: string;
  /** The task whose children these are; absent for `exec`. */
  readonly task?: string;
}): Record<string, string> {
  const { base, own, database, runId, task } = options;
  const env: Record<string, string> = { ...base };
  if (database || 'DATABASE_URL' in own) drop(env, ['DATABASE_URL', ...parts, ...overriding]);
  if (database && !('DATABASE_URL' in own)) {
    const elsewhere = ['PGHOST', 'PGPORT', 'PGUSER', 'PGSERVICE'].some((name) => name in own);
    env.PGHOST = database.host;
    env.PGPORT = String(database.port);
    env.PGUSER = database.user;
    env.PGDATABASE = database.name;
    if (database.password !== undefined && !elsewhere) env.PGPASSWORD = database.password;
    if (!elsewhere) Object.assign(env, keywordVariables(database.url));
    if (!parts.some((name) => name in own) && !elsewhere)
      env.DATABASE_URL = database.projectUrl ?? database.url;
  }
  return { ...env, PGAPPNAME: applicationName(runId, task), ...own, [runVariable]: runId };
}

/**
 * The name under which the server lists the sessions of a run, or of one task's children: so that those which outlive their
 * process can be found. PostgreSQL keeps 63 bytes.
 */
export function applicationName(runId: string, task?: string): string {
  const name = Buffer.from(`db-bootstrap/${runId}${task === undefined ? '' : `/${task}`}`);
  return name.length <= 63
    ? name.toString()
    : name
        .subarray(0, 63)
        .toString()
        .replace(/\uFFFD+$/, '');
}

function keywordVariables(url: string): Record<string, string> {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  return Object.fromEntries(
    [...query].flatMap(([name, value]) => {
      const variable = keywordVariable(name);
      return variable === undefined ? [] : [[variable, value]];
    }),
  );
}

function drop(env: Record<string, string>, names: readonly string[]): void {
  for (const name of names) Reflect.deleteProperty(env, name);
}
