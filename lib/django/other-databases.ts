import type { Problem } from '../errors/index.js';
import type { OtherDatabase } from './project-answers.js';

/** The warning about a database of the project that no task of the config lists. */
export function uncoveredDatabase({
  alias,
  apps,
}: OtherDatabase): Problem & { readonly help: string; readonly subject: Readonly<Record<string, string>> } {
  const names = apps.map((app) => `"${app}"`).join(', ');
  return {
    code: 'DBB6058',
    severity: 'warning',
    message: `DATABASES["${alias}"] is neither migrated nor checked: the routers send ${apps.length === 1 ? 'the app' : 'the apps'} ${names} there`,
    help: `write "databases: [${alias}]" under the task "migrate" in the config; or, if it is migrated elsewhere, tolerate DBB6058 under "check-migrations"`,
    subject: { alias, apps: apps.join(', ') },
  };
}

/** Codes of connections that fail by their address, their name or their login: only the settings have those of other databases. */
const ofSettings: ReadonlySet<string> = new Set(['DBB4001', 'DBB4002', 'DBB4003', 'DBB4004', 'DBB4010']);

/** The problem of a database other than the main one, with the database in its message. */
export function problemInOther(problem: Problem, alias: string): Problem {
  const database = `DATABASES["${alias}"]`;
  const help = ofSettings.has(problem.code)
    ? `correct HOST, PORT, NAME, USER or PASSWORD of ${database}, or create what is missing: a run creates nothing there`
    : problem.help;
  return {
    ...problem,
    message: `${database}: ${problem.message}`,
    ...(help === undefined ? {} : { help }),
    facts: { ...problem.facts, alias },
  };
}
