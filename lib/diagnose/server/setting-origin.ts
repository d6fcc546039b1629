import { quoteIdentifier } from '../../postgres/index.js';

/** A setting of a session as pg_settings has it, and whose session it is. */
export interface SettingFacts {
  readonly setting: string;
  readonly source: string;
  readonly sourcefile: string | null;
  readonly role: string;
  readonly database: string;
}

/** Where a setting was set, as a phrase, and how it is taken back there, as an imperative sentence. */
export function originOf({ setting, source, sourcefile, role, database }: SettingFacts): {
  readonly where: string;
  readonly repair: string;
} {
  const [ofRole, ofDatabase] = [quoteIdentifier(role), quoteIdentifier(database)];
  const places: Readonly<Record<string, readonly [string, string]>> = {
    database: [`it is set for the database "${database}"`, reset(setting, `DATABASE ${ofDatabase}`)],
    user: [`it is set for the role "${role}"`, reset(setting, `ROLE ${ofRole}`)],
    'database user': [
      `it is set for the role "${role}" in the database "${database}"`,
      reset(setting, `ROLE ${ofRole} IN DATABASE ${ofDatabase}`),
    ],
    client: [
      'the client sets it: "options" of the URL, or PGOPTIONS',
      'take it out of "options" in the database URL and out of PGOPTIONS',
    ],
  };
  const [where, repair] = places[source] ?? [
    `it is set for the server${sourcefile === null ? '' : ` in ${sourcefile}`} (${source})`,
    // ALTER SYSTEM takes back only what ALTER SYSTEM has set.
    sourcefile?.endsWith('postgresql.auto.conf') === true
      ? `run: ALTER SYSTEM RESET ${setting}; SELECT pg_reload_conf();`
      : `take "${setting}" out of ${sourcefile ?? "the server's configuration"}, and run: SELECT pg_reload_conf();`,
  ];
  return { where, repair };
}

/** Where transactions are read-only, the repair's own must not be. */
function reset(setting: string, where: string): string {
  const statement = `ALTER ${where} RESET ${setting};`;
  return setting === 'default_transaction_read_only'
    ? `run: BEGIN READ WRITE; ${statement} COMMIT;`
    : `run: ${statement}`;
}
