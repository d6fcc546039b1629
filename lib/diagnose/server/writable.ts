import { quoteIdentifier } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Rule } from '../rule.js';

interface State {
  readonly standby: boolean;
  readonly readonly: string;
  readonly source: string;
  readonly sourcefile: string | null;
  readonly role: string;
  readonly database: string;
}

/** The server, or the role, takes no writes. */
export const writable: Rule = {
  name: 'writable',
  reads: ['database'],
  find: async ({ database }) => {
    const [state] =
      (await database?.query<State>(
        `select pg_is_in_recovery() as standby, setting as readonly, source, sourcefile, current_user::text as role,
                current_database()::text as database
           from pg_catalog.pg_settings where name = 'default_transaction_read_only'`,
      )) ?? [];
    if (!state) return [];
    if (state.standby) return [standby(state)];
    return state.readonly === 'on' ? [readOnly(state)] : [];
  },
};

function standby({ database }: State): Diagnosis {
  return {
    code: 'DBB4043',
    message: 'the server is a standby of another one, which nobody can write to',
    subject: { database },
    expected: 'a server that takes writes',
    actual: 'a server in recovery',
    evidence: ['pg_is_in_recovery() = true'],
    help: 'name the primary server in the database URL',
  };
}

function readOnly({ role, database, source, sourcefile }: State): Diagnosis {
  const setting = 'default_transaction_read_only';
  const places: Readonly<Record<string, readonly [string, string]>> = {
    database: [
      `it is set for the database "${database}"`,
      `run "ALTER DATABASE ${quoteIdentifier(database)} RESET ${setting}"`,
    ],
    user: [`it is set for the role "${role}"`, `run "ALTER ROLE ${quoteIdentifier(role)} RESET ${setting}"`],
    'database user': [
      `it is set for the role "${role}" in the database "${database}"`,
      `run "ALTER ROLE ${quoteIdentifier(role)} IN DATABASE ${quoteIdentifier(database)} RESET ${setting}"`,
    ],
    client: [
      'the client sets it: "options" of the URL, or PGOPTIONS',
      'take it out of "options" in the database URL and out of PGOPTIONS',
    ],
  };
  const [where, repair] = places[source] ?? [
    `it is set for the server${sourcefile === null ? '' : ` in ${sourcefile}`} (${source})`,
    `run "ALTER SYSTEM RESET ${setting}" and "SELECT pg_reload_conf()"`,
  ];
  return {
    code: 'DBB4044',
    message: `transactions of role "${role}" in database "${database}" are read-only by default`,
    subject: { setting, role, database },
    expected: `${setting} = off`,
    actual: `${setting} = on`,
    evidence: [where],
    help: repair,
  };
}
