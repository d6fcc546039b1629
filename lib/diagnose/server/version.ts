import type { Rule } from '../rule.js';

/** The oldest server that the migrations of current Django versions and our own catalog queries know. */
const oldest = 140_000;

/** The server is older than PostgreSQL 14. */
export const serverVersion: Rule = {
  name: 'server-version',
  reads: ['database'],
  find: async ({ database, connection }) => {
    const [row] = (await database?.query<{ number: number; version: string }>(
      `select current_setting('server_version_num')::integer as number, current_setting('server_version') as version`,
    )) ?? [{ number: oldest, version: '' }];
    if (!row || row.number >= oldest) return [];
    return [
      {
        code: 'DBB4040',
        message: `the server is PostgreSQL ${row.version}, which is older than 14`,
        subject: { setting: 'server_version', ...(connection ? { host: connection.host } : {}) },
        expected: 'PostgreSQL 14 or newer',
        actual: `PostgreSQL ${row.version}`,
        evidence: [`server_version_num = ${String(row.number)}`],
        help: 'use the image postgres:14 or newer for the service, or upgrade the server with pg_upgrade',
      },
    ];
  },
};
