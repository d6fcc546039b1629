import type { TaskClient, TaskContext } from '../../config/define.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { quoteIdentifier, quoteLiteral } from '../../lib/postgres/index.js';

/** How a database is made. */
interface Wanted {
  readonly template?: string | undefined;
  readonly owner?: string | undefined;
  readonly encoding?: string | undefined;
}

/** Creates the workflow's database from the server's maintenance database. False where another process was quicker. */
export async function createDatabase({ database, options, log }: TaskContext<Wanted>): Promise<boolean> {
  const { template, owner, encoding } = options;
  const words = [
    `create database ${quoteIdentifier(database.name)}`,
    ...(owner === undefined ? [] : [`owner ${quoteIdentifier(owner)}`]),
    // Only template0 goes with any encoding.
    ...(template === undefined && encoding === undefined
      ? []
      : [`template ${quoteIdentifier(template ?? 'template0')}`]),
    ...(encoding === undefined ? [] : [`encoding ${quoteLiteral(encoding)}`]),
  ];
  const statement = words.join(' ');
  try {
    await inMaintenanceDatabase(database, (client) => client.query(statement));
    log.info(statement);
    return true;
  } catch (error) {
    // 42P04: it exists by now; 23505: both were at it in the same moment.
    const sqlstate = error instanceof BootstrapError ? error.problems[0].facts?.sqlstate : undefined;
    if (sqlstate === '42P04' || sqlstate === '23505') return false;
    throw error;
  }
}

/** "postgres" may have been dropped; template1 is always there. */
async function inMaintenanceDatabase<T>(
  database: TaskContext<unknown>['database'],
  work: (client: TaskClient) => Promise<T>,
): Promise<T> {
  try {
    return await database.withClient(work, { database: 'postgres' });
  } catch (error) {
    if (!(error instanceof BootstrapError) || error.code !== 'DBB4004') throw error;
    return await database.withClient(work, { database: 'template1' });
  }
}
