import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { query } from '../support/postgres.js';
import { until } from '../support/until.js';

const lock = '20231, 5';

const arrive = (schemas: readonly string[], at: number): string => `
create schema faults;
create sequence faults.seen;
create function faults.arrive() returns void language plpgsql set lock_timeout = 0 as $$
begin
  if current_schema() = any (array[${schemas.map(escapeLiteral).join(', ')}]) and nextval('faults.seen') = ${String(at)} then
    perform pg_advisory_lock(${lock});
    perform pg_advisory_unlock(${lock});
  end if;
end $$;
create function faults.before_row() returns trigger language plpgsql as $$
begin
  perform faults.arrive();
  return new;
end $$;
create function faults.before_command() returns event_trigger language plpgsql as $$ begin perform faults.arrive(); end $$;
create event trigger faults on ddl_command_start execute function faults.before_command();`;

/** Tables of Django's own to which migrating a tenant adds rows. */
const tables = ['django_migrations', 'django_content_type', 'auth_permission'];

/**
 * Counts what migrating does in the tenants of a database (commands that change the catalog, and rows of Django's own tables that
 * were there before), and has one of them wait until it is let go. What is rolled back stays counted.
 */
export class Gate {
  readonly #url: string;
  readonly #holder: Client;

  private constructor(url: string) {
    this.#url = url;
    this.#holder = new Client(url);
    // A test may stop the server.
    this.#holder.on('error', () => undefined);
  }

  /** The one with the number `at` waits; none where it is 0. */
  static async open(url: string, schemas: readonly string[], at = 0): Promise<Gate> {
    const gate = new Gate(url);
    await query(url, arrive(schemas, at));
    const found = await query<{ schema: string; name: string }>(
      url,
      `select schemaname as schema, tablename as name from pg_tables where schemaname = any($1) and tablename = any($2)`,
      [schemas, tables],
    );
    for (const { schema, name } of found)
      await query(
        url,
        `create trigger faults before insert on ${escapeIdentifier(schema)}.${name} for each row execute function faults.before_row()`,
      );
    await gate.#holder.connect();
    await gate.#holder.query(`select pg_advisory_lock(${lock})`);
    return gate;
  }

  /** How many there were. */
  async count(): Promise<number> {
    const [row] = await query<{ count: number }>(
      this.#url,
      'select (case when is_called then last_value else 0 end)::int as count from faults.seen',
    );
    return row?.count ?? 0;
  }

  /** Resolves with true once one waits, and with false where the work ended before. */
  async reached(work: Promise<unknown>): Promise<boolean> {
    let ended = false;
    void work.then(() => (ended = true));
    let waits = false;
    await until(async () => {
      waits = await this.#somebodyWaits();
      return waits || ended;
    });
    return waits;
  }

  async #somebodyWaits(): Promise<boolean> {
    return (await query(this.#url, waitingAtTheGate('pid'))).length > 0;
  }

  async letGo(): Promise<void> {
    await this.#holder.end();
  }

  /** Leaves nothing of itself, once nobody is at work any more. */
  async remove(): Promise<void> {
    await untilAlone(this.#url);
    await query(this.#url, 'drop event trigger faults; drop schema faults cascade');
  }
}

/** A query for something of the sessions that wait at a gate of this database. */
export function waitingAtTheGate(what: string): string {
  return `select ${what} from pg_locks where locktype = 'advisory' and not granted and (classid, objid) = (${lock})
             and database = (select oid from pg_database where datname = current_database())`;
}

/** Resolves once the database has no other session: what a killed process began has been rolled back then. */
export async function untilAlone(url: string): Promise<void> {
  await until(async () => {
    const rows = await query(
      url,
      `select from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    return rows.length === 0;
  });
}
