import { userInfo } from 'node:os';
import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import type { Scene } from './scene.js';
import type { Symptom } from './symptom.js';
import { nearest } from '../../text/index.js';

/** Why a login was refused (28000, 28P01, 3D000) to a child, while the workflow's own works: it gave no name, or another one. */
export async function explainLogin(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  if (scene.command === '' && scene.task.use !== 'init') return undefined;
  const role =
    /role "(.+)" does not exist/.exec(symptom.message)?.[1] ??
    /authentication failed for user "(.+)"/.exec(symptom.message)?.[1];
  const database = /database "(.+)" does not exist/.exec(symptom.message)?.[1];
  if (role !== undefined && role !== scene.database.user) return explainRole(scene, role);
  if (database !== undefined && [scene.database.user, ...systemUsers(scene)].includes(database)) {
    return {
      code: 'DBB4004',
      message: `task "${scene.task.name}" started a client without a database name: it took that of the role, "${database}"`,
      notes: [{ label: 'workflow', text: scene.database.display }],
      help: `let it take PGDATABASE or DATABASE_URL from its environment, or name the database: psql -d ${quoteIdentifier(scene.database.name)}`,
      facts: { database },
    };
  }
  return undefined;
}

async function explainRole(scene: Scene, role: string): Promise<Cause> {
  const { task, database, command } = scene;
  if (systemUsers(scene).includes(role)) {
    const away = /\b(?:docker|podman|kubectl|ssh|sudo|su)\b/.exec(command)?.[0];
    const unset = /env\s+(?:-\w+\s+)*-u\s+PGUSER|unset\s+(?:\w+\s+)*PGUSER|env\s+-i\b/.exec(command)?.[0];
    const why =
      unset !== undefined
        ? `"${unset}" takes PGUSER away`
        : away !== undefined
          ? `"${away}" does not pass PGUSER on`
          : 'PGUSER is not set where the client runs, and its command line names no user';
    return {
      code: 'DBB5064',
      message: `task "${task.name}" started a client without a user name: it logged in as the operating system's user "${role}"`,
      notes: [
        { label: 'likely', text: why },
        { label: 'workflow', text: `role "${database.user}"` },
      ],
      help: `let it take PGUSER from its environment, or name the role: psql -U ${database.user}`,
      facts: { role, task: task.name },
    };
  }
  const rows = await database.query<{ name: string }>(
    `select rolname::text as name from pg_catalog.pg_roles where rolcanlogin`,
  );
  const names = rows.map(({ name }) => name);
  const near = nearest(role, names);
  const exists = names.includes(role);
  return {
    code: exists ? 'DBB4002' : 'DBB4003',
    message: exists
      ? `task "${task.name}" logged in as role "${role}" with a wrong password: the workflow's role is "${database.user}"`
      : `task "${task.name}" logged in as role "${role}", which does not exist: the workflow's role is "${database.user}"`,
    help:
      exists || near === undefined
        ? `let it take PGUSER and PGPASSWORD, or DATABASE_URL, from its environment`
        : `did you mean "${near}"?`,
    facts: { role },
  };
}

/** Names under which a client logs in that is told none. */
function systemUsers({ env }: Scene): string[] {
  return [userInfo().username, env.USER, env.LOGNAME, 'root', 'runner'].filter((name) => name !== undefined);
}
