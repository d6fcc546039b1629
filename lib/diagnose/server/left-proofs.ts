import { longestName, quoteIdentifier } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { shellWord } from '../../text/index.js';

/** Six hexadecimal digits stand behind it. */
const mark = '_prove_';

/** The name of the database of a proof of another one. */
export function proofName(target: string, id: string): string {
  return `${stemOf(target)}${mark}${id}`;
}

function stemOf(target: string): string {
  const stem = Buffer.from(target).subarray(0, longestName - mark.length - 6);
  return stem.toString().replace(/\uFFFD+$/, '');
}

/** Databases that proofs of a database have made and that no session uses: those proofs were killed before they could drop them. */
export async function leftProofs(
  database: Pick<NonNullable<Evidence['database']>, 'query'>,
  target: string,
): Promise<readonly Diagnosis[]> {
  const rows = await database.query<{ name: string }>(
    `select d.datname::text as name from pg_catalog.pg_database d
      where d.datname operator(pg_catalog.~) '[0-9a-f]{6}$'
        and pg_catalog.left(d.datname::text, -6) operator(pg_catalog.=) $1::text
        and not exists (select from pg_catalog.pg_stat_activity a where a.datid operator(pg_catalog.=) d.oid)
      order by 1`,
    [`${stemOf(target)}${mark}`],
  );
  return rows.map(({ name }) => ({
    code: 'DBB5020',
    severity: 'warning',
    message: `database "${name}" was left by a proof of database "${target}" that was interrupted`,
    subject: { database: name },
    expected: 'no database that an earlier "prove" left',
    actual: `database "${name}" exists, and no session uses it`,
    evidence: [],
    help: `remove it: psql -c ${shellWord(`drop database ${quoteIdentifier(name)}`)}`,
  }));
}

/** What a killed `prove` could not drop. */
export const proofDatabases: Rule = {
  name: 'proof-databases',
  reads: ['database'],
  find: async ({ database, connection }) =>
    database && connection ? leftProofs(database, connection.database) : [],
};
