import { randomBytes } from 'node:crypto';
import type { Workflow } from '../../config/workflow.js';
import type { Diagnosis } from '../diagnose/index.js';
import { BootstrapError } from '../errors/index.js';
import {
  askServer,
  Database,
  quoteIdentifier,
  resolveConnection,
  withDatabase,
  type ConnectionParameters,
} from '../postgres/index.js';
import { guardReasons } from '../run/index.js';
import { settingsVariables } from './prove-variables.js';

/** The database on which a workflow is proven. */
export interface ProofDatabase {
  readonly connection: ConnectionParameters;
  /** What proofs that were killed have left beside it. */
  readonly left?: readonly Diagnosis[];
  /** Drops it, where it was made for the proof. */
  drop(): Promise<void>;
}

const options = { applicationName: 'db-bootstrap/prove' };

/** Makes an empty database next to the target, on the same server. */
export async function makeProofDatabase(
  target: ConnectionParameters,
  signal: AbortSignal,
): Promise<ProofDatabase> {
  const id = randomBytes(3).toString('hex');
  const { leftProofs, proofName } = await import('../diagnose/index.js');
  const name = proofName(target.database, id);
  await inMaintenance(target, `create database ${quoteIdentifier(name)}`, signal);
  const connection = withDatabase(target, name);
  const drop = (): Promise<void> =>
    inMaintenance(target, `drop database if exists ${quoteIdentifier(name)} with (force)`);
  const database = new Database(connection, { ...options, signal });
  try {
    const server = await askServer(database);
    if (server.name !== name) throw leadsElsewhere(name, server.name);
    return { connection, drop, left: await leftProofs(database, target.database) };
  } catch (error) {
    await drop();
    throw error;
  } finally {
    await database.close();
  }
}

/** A pooler that takes any name for one database would have the proof change that one. */
function leadsElsewhere(name: string, there: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB5042',
    message: `a connection to the new database "${name}" leads to the database "${there}", as the server says`,
    notes: [{ label: 'not done', text: 'the proof was not begun' }],
    help: "give the server's own address in place of the pooler's",
  });
}

/** The named database: an empty one, or one whose rows the guards of the config give up. Throws DBB5042 for any other. */
export async function takeProofDatabase(
  url: string,
  workflow: Workflow,
  signal: AbortSignal,
): Promise<ProofDatabase> {
  const connection = resolveConnection(url, workflow.env);
  const database = new Database(connection, { ...options, signal });
  try {
    const [{ objects } = { objects: 0 }] = await database.query<{ objects: number }>(
      `select (select count(*) from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public'))::integer
            + (select count(*) from pg_class c where c.relnamespace = to_regnamespace('public')
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e'))::integer as objects`,
    );
    const { database: name, host } = connection;
    const reasons = guardReasons(workflow.guards, { name, host, server: await askServer(database) });
    if (objects > 0 && reasons.length > 0)
      throw new BootstrapError({
        code: 'DBB5042',
        message: `the database "${connection.database}" is not empty, and a proof would change it: ${reasons.join('; ')}`,
        place: { file: '--database' },
        help: 'name an empty database, or leave the option out: then one is made and dropped',
      });
  } finally {
    await database.close();
  }
  return { connection, drop: () => Promise.resolve() };
}

/** A workflow whose variables that name the target name the database of the proof: nothing may reach the target. */
export function redirected(
  workflow: Workflow,
  target: ConnectionParameters | undefined,
  proof: ConnectionParameters,
): Workflow {
  const replace = (name: string, value: string): string => {
    if (target === undefined) return value;
    if (/^[a-z][\w+.-]*:\/\/./i.test(value) && isSame(value, target)) return proof.projectUrl;
    return value === target.database && /name|database|db/i.test(name) ? proof.database : value;
  };
  const replaceAll = (env: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(env).map(([name, value]) => [name, replace(name, value)]));
  return {
    ...workflow,
    database: { kind: 'url', url: proof.projectUrl },
    env: {
      ...replaceAll(workflow.env),
      ...settingsVariables(workflow, proof),
      DATABASE_URL: proof.projectUrl,
    },
    tasks: new Map([...workflow.tasks].map(([name, task]) => [name, { ...task, env: replaceAll(task.env) }])),
    // One task after the other: what differs after one of them is its own doing.
    concurrency: 1,
    secrets: [...workflow.secrets, ...(proof.password === undefined ? [] : [proof.password])],
  };
}

function isSame(url: string, target: ConnectionParameters): boolean {
  try {
    const other = resolveConnection(url, {});
    return other.host === target.host && other.port === target.port && other.database === target.database;
  } catch {
    return false;
  }
}

async function inMaintenance(
  target: ConnectionParameters,
  statement: string,
  signal?: AbortSignal,
): Promise<void> {
  // "postgres" may have been dropped; template1 is always there.
  for (const name of ['postgres', 'template1']) {
    const database = new Database(withDatabase(target, name), { ...options, ...(signal ? { signal } : {}) });
    try {
      await database.withClient((client) => client.query(statement));
      return;
    } catch (error) {
      if (!(error instanceof BootstrapError) || error.code !== 'DBB4004' || name === 'template1') throw error;
    } finally {
      await database.close();
    }
  }
}
