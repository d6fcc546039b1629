import type { Problem } from '../errors/index.js';
import type { OtherDatabase } from './project-answers.js';

/** What is said of a database of the project that the config passes over. */
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

/** A failure in a database beside the main one, which names it. */
export function problemInOther(problem: Problem, alias: string): Problem {
  const database = `DATABASES["${alias}"]`;
  const help = problem.help
    ?.replace('DATABASES["default"]', database)
    .replace('the database URL', database)
    .replace(/, name another, or set "createDatabase: true".*/, `, or name another in ${database}`)
    .replace(/: a run gives DATABASE_URL.*/, '');
  return {
    ...problem,
    message: `${database}: ${problem.message}`,
    ...(help === undefined ? {} : { help }),
    facts: { ...problem.facts, alias },
  };
}
