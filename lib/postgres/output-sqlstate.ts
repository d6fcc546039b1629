import { conditionNames } from './sqlstates.js';

/** The SQLSTATE in what a child printed: by psql with its code, or as the class name of psycopg's exception. */
export function sqlstateOfOutput(output: string): string | undefined {
  const printed = /(?:ERROR|FATAL|PANIC): +([0-9A-Z]{5}): /.exec(output)?.[1];
  if (printed !== undefined) return printed;
  // Django re-raises: the class of psycopg stands before Django's, and the first one is the cause.
  for (const [, name = ''] of output.matchAll(/psycopg2?\.errors\.([A-Za-z]+)/g)) {
    const known = conditionNames[name];
    if (known !== undefined) return known;
  }
  const text = /(?:ERROR|FATAL): +(.*)/.exec(output)?.[1] ?? '';
  return sqlstateOfText(text);
}

/** The SQLSTATE of a message of PostgreSQL's in English, as far as it is known. */
export function sqlstateOfText(text: string): string | undefined {
  return messages.find(([pattern]) => pattern.test(text))?.[1];
}

// psql prints no code unless it is told to, and scripts call it as they like: what PostgreSQL says in English is all there is.
const messages: readonly [RegExp, string][] = [
  [/^duplicate key value violates unique constraint/, '23505'],
  [
    /^(?:insert or update|update or delete) on table .* violates (?:RESTRICT setting of )?foreign key constraint/,
    '23503',
  ],
  [/^(?:new row for relation .* violates check|check) constraint/, '23514'],
  [/^relation ".*" already exists/, '42P07'],
  [/^schema ".*" already exists/, '42P06'],
  [/^database ".*" already exists/, '42P04'],
  [/^column ".*" of relation ".*" already exists/, '42701'],
  [/^(?:role|type|extension|trigger|constraint) ".*" (?:for relation ".*" )?already exists/, '42710'],
  [/^relation ".*" does not exist/, '42P01'],
  [/^column .* does not exist/, '42703'],
  [/^schema ".*" does not exist|^no schema has been selected/, '3F000'],
  [/^database ".*" does not exist/, '3D000'],
  [/^role ".*" does not exist/, '42704'],
  [/^(?:type|operator class|collation|access method) ".*" does not exist/, '42704'],
  [/^(?:function|procedure|operator) .* does not exist|^operator does not exist:/, '42883'],
  [/^permission denied|^must be owner of/, '42501'],
  [/^value too long for type/, '22001'],
  [/^null value in column|^column ".*" of relation ".*" contains null values/, '23502'],
  [/^foreign key constraint ".*" cannot be implemented/, '42804'],
  [/^current transaction is aborted/, '25P02'],
  [/^canceling statement due to lock timeout|^could not obtain lock on/, '55P03'],
  [/^sorry, too many clients already|^remaining connection slots|^too many connections for/, '53300'],
  [/^canceling statement due to statement timeout/, '57014'],
  [/^terminating connection due to idle-in-transaction timeout/, '25P03'],
  [/^terminating connection due to idle-session timeout/, '57P05'],
  [/^cannot execute .* in a read-only transaction/, '25006'],
  [/^terminating connection due to administrator command/, '57P01'],
  [/^syntax error/, '42601'],
  [/^password authentication failed/, '28P01'],
  [/^deadlock detected/, '40P01'],
];
