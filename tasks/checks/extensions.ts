import * as z from 'zod/mini';
import { defineTask, described, nonEmpty, type Finding } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';

const options = z.strictObject({
  extensions: described(
    z._default(z.array(nonEmpty), []),
    'Extensions that must be installed in the database',
  ),
});

/** The extensions that the project needs are installed in the database. */
export const checkExtensions = defineTask({
  kind: 'check-extensions',
  description: 'The extensions that the project needs are installed.',
  options,
  check: true,
  plan: ({ options: { extensions } }) =>
    Promise.resolve(
      extensions.length > 0
        ? { action: 'run', reason: 'checks change nothing' }
        : { action: 'skip', reason: 'no extensions are named' },
    ),
  run: async ({ options: { extensions }, database }) => {
    const rows = await database.query<{ name: string; installed: boolean }>(
      `select name, exists (select from pg_extension where extname = name) as installed
       from unnest($1::text[]) with ordinality as wanted (name, position) order by position`,
      [extensions],
    );
    const findings = rows
      .filter(({ installed }) => !installed)
      .map(({ name }): Finding => ({
        code: 'DBB5013',
        message: `the extension "${name}" is not installed in the database "${database.name}"`,
        help: `run: create extension if not exists ${quoteIdentifier(name)};`,
        subject: { extension: name },
      }));
    return {
      changed: false,
      summary: `${String(rows.length - findings.length)} of ${String(rows.length)} extensions are installed`,
      findings,
    };
  },
});
