import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskContext } from '../../config/define.js';

/** Variables of init scripts; undefined removes one. */
export type InitEnvironment = Readonly<Record<string, string | undefined>> & {
  readonly POSTGRES_USER: string;
  readonly POSTGRES_DB: string;
};

/**
 * The variables that the image gives to its scripts, with the workflow's database as their defaults. POSTGRES_USER and POSTGRES_DB
 * come from elsewhere only where the task's own `env` sets them: what the environment happens to hold never leads to another database.
 * `X` and `X_FILE` both set is an error, and `X_FILE` alone is read (source: file_env in docker-entrypoint.sh).
 */
export async function initEnvironment(context: TaskContext<unknown>): Promise<InitEnvironment> {
  const { database, env, taskEnv = {} } = context;
  for (const name of ['POSTGRES_PASSWORD', 'POSTGRES_USER', 'POSTGRES_DB']) refuseTwins(context, name);
  const own = {
    user: await fileEnv(context, taskEnv, 'POSTGRES_USER'),
    name: await fileEnv(context, taskEnv, 'POSTGRES_DB'),
    password: await fileEnv(context, env, 'POSTGRES_PASSWORD'),
  };
  const password = own.password ?? database.password ?? '';
  // A role of the task's own has a password of its own.
  const login = taskEnv.PGPASSWORD ?? (own.user === undefined ? database.password : undefined) ?? password;
  return {
    POSTGRES_USER: own.user ?? database.user,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: own.name ?? database.name,
    POSTGRES_USER_FILE: undefined,
    POSTGRES_PASSWORD_FILE: undefined,
    POSTGRES_DB_FILE: undefined,
    PGHOST: env.PGHOST ?? database.host,
    PGPORT: env.PGPORT ?? String(database.port),
    PGPASSWORD: login === '' ? undefined : login,
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
