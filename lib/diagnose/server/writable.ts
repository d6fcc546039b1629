import type { TaskClient } from '../../../config/define.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Rule } from '../rule.js';
import { originOf } from './setting-origin.js';

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
    const found = database && (await whyUnwritable(database));
    return found ? [found] : [];
  },
};

/** Why nothing can be written to a database; undefined where something can. */
export async function whyUnwritable(database: TaskClient): Promise<Diagnosis | undefined> {
  const [state] = await database.query<State>(
    `select pg_is_in_recovery() as standby, setting as readonly, source, sourcefile, current_user::text as role,
            current_database()::text as database
       from pg_catalog.pg_settings where name = 'default_transaction_read_only'`,
  );
  if (state?.standby === true) return standby(state);
  return state?.readonly === 'on' ? readOnly(state) : undefined;
}

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

function readOnly(state: State): Diagnosis {
  const { role, database } = state;
  const setting = 'default_transaction_read_only';
  const { where, repair } = originOf({ ...state, setting });
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
