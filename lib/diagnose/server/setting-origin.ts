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
    database: [
      `it is set for the database "${database}"`,
      `run "ALTER DATABASE ${ofDatabase} RESET ${setting}"`,
    ],
    user: [`it is set for the role "${role}"`, `run "ALTER ROLE ${ofRole} RESET ${setting}"`],
    'database user': [
      `it is set for the role "${role}" in the database "${database}"`,
      `run "ALTER ROLE ${ofRole} IN DATABASE ${ofDatabase} RESET ${setting}"`,
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
  return { where, repair };
}
