import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import { keywordVariable, resolveConnection } from '../../lib/postgres/index.js';

/** Variables of init scripts; undefined removes one. */
export type InitEnvironment = Readonly<Record<string, string | undefined>> & {
  readonly POSTGRES_USER: string;
  readonly POSTGRES_DB: string;
};

/**
 * The variables that the image gives to its scripts, with the workflow's database as their defaults. They lead to another server,
 * role or database only where the task's own `env` says so: what the environment happens to hold never does.
 * `X` and `X_FILE` both set is an error, and `X_FILE` alone is read (source: file_env in docker-entrypoint.sh).
 */
export async function initEnvironment(context: TaskContext<unknown>): Promise<InitEnvironment> {
  const { env, taskEnv = {} } = context;
  for (const name of ['POSTGRES_PASSWORD', 'POSTGRES_USER', 'POSTGRES_DB']) refuseTwins(context, name);
  const target = targetOf(context);
  const user = await fileEnv(context, taskEnv, 'POSTGRES_USER');
  const database = await fileEnv(context, taskEnv, 'POSTGRES_DB');
  const password = (await fileEnv(context, env, 'POSTGRES_PASSWORD')) ?? target.password ?? '';
  // A role of the task's own has a password of its own.
  const login = taskEnv.PGPASSWORD ?? (user === undefined ? target.password : undefined) ?? password;
  return {
    ...target.keywords,
    POSTGRES_USER: user ?? target.user,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: database ?? target.database,
    POSTGRES_USER_FILE: undefined,
    POSTGRES_PASSWORD_FILE: undefined,
    POSTGRES_DB_FILE: undefined,
    PGHOST: target.host,
    PGPORT: target.port,
    PGUSER: user ?? target.user,
    PGDATABASE: database ?? target.database,
    PGPASSWORD: login === '' ? undefined : login,
  };
}

/** Whether the variables lead to the workflow's server, as the workflow's role: another database of that server is near enough. */
export function leadsHome(context: TaskContext<unknown>, env: InitEnvironment): boolean {
  const { host, port, user } = context.database;
  return env.PGHOST === host && env.PGPORT === String(port) && env.POSTGRES_USER === user;
}

interface Target {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  /** What a URL says beyond the parts, as variables of libpq. */
  readonly keywords: Readonly<Record<string, string>>;
}

/** Where the scripts go: the workflow's database, but for the parts that the task's own `env` sets. */
function targetOf({ database, env, taskEnv = {} }: TaskContext<unknown>): Target {
  const { sslmode, keywords, ...url } = resolveConnection(taskEnv.DATABASE_URL ?? database.url, {});
  const base = taskEnv.DATABASE_URL === undefined ? database : { ...url, name: url.database };
  return {
    host: taskEnv.PGHOST ?? base.host,
    port: taskEnv.PGPORT ?? String(base.port),
    user: taskEnv.PGUSER ?? base.user,
    database: taskEnv.PGDATABASE ?? base.name,
    // The engine leaves the password out where a task goes elsewhere.
    password: taskEnv.DATABASE_URL === undefined ? env.PGPASSWORD : url.password,
    keywords: Object.fromEntries(
      Object.entries({ sslmode, ...keywords }).flatMap(([name, value]) => {
        const variable = keywordVariable(name);
        return variable === undefined || value === undefined || variable in taskEnv
          ? []
          : [[variable, value]];
      }),
    ),
  };
}

function refuseTwins(context: TaskContext<unknown>, name: string): void {
  if (!context.env[name] || !context.env[`${name}_FILE`]) return;
  throw context.fail({
    code: 'DBB5012',
    message: `both ${name} and ${name}_FILE are set, and only one of them may be`,
    help: `unset one of them, or set ${name}_FILE: '' in the env of task "${context.task}"`,
  });
}

async function fileEnv(
  context: TaskContext<unknown>,
  env: Readonly<Record<string, string>>,
  name: string,
): Promise<string | undefined> {
  const value = env[name];
  if (value) return value;
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  try {
    return (await readFile(resolve(context.root, file), 'utf8')).replace(/\n+$/, '');
  } catch (error) {
    throw context.fail(
      {
        code: 'DBB5009',
        message: `${name}_FILE names "${file}", which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      },
      error,
    );
  }
}
