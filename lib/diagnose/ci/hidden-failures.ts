import type { Diagnosis } from '../diagnosis.js';
import { databaseWork, programOf, type Script } from './script.js';
import type { Step } from './read-workflow.js';
import type { ShellCommand } from './shell.js';

/** What answers "yes" whatever was before: the failure on its left is hidden. */
const yesMen = new Set(['true', ':', 'echo', 'printf']);

/** Failures of database commands that a script hides: `|| true`, `|| echo`, `set +e`, pipes without pipefail. */
export function hiddenFailures(script: Script): Diagnosis[] {
  const found: Diagnosis[] = [];
  let stopsAtErrors = true;
  for (const [index, command] of script.commands.entries()) {
    const { words, operator } = command;
    const texts = words.map(({ text }) => text);
    if (programOf(command) === 'set') {
      if (texts.includes('+e')) stopsAtErrors = false;
      if (texts.some((text) => /^-[a-z]*e/.test(text))) stopsAtErrors = true;
    }
    const work = databaseWork(command);
    if (work === undefined) continue;
    const next = script.commands[index + 1];
    if (operator === '||' && next && hides(next)) {
      const what = next.words.map(({ text }) => text).join(' ');
      found.push(diagnosis(script, next, `\`|| ${shortened(what)}\``, work, command));
    } else if (!stopsAtErrors && isOnItsOwn(command, script.commands[index - 1])) {
      found.push(diagnosis(script, command, '`set +e`', work, command));
    } else if (operator === '|' && !script.pipefail && next && databaseWork(next) === undefined) {
      found.push(diagnosis(script, command, `the pipe into \`${programOf(next)}\``, work, command));
    }
  }
  return found;
}

/** A step or job that may fail without anybody being told. */
export function continuingSteps({ script, continues }: Step): Diagnosis[] {
  if (!continues) return [];
  const work = script.commands.map(databaseWork).find((each) => each !== undefined);
  if (work === undefined) return [];
  return [
    {
      ...texts(script, '`continue-on-error: true`', work),
      place: continues,
    },
  ];
}

function hides(command: ShellCommand): boolean {
  const program = programOf(command);
  return yesMen.has(program) || (program === 'exit' && command.words[1]?.text === '0');
}

/** In a condition, failures decide what happens next. */
function isOnItsOwn(command: ShellCommand, before: ShellCommand | undefined): boolean {
  const conditional = command.keywords.some(({ text }) =>
    ['if', 'elif', 'while', 'until', '!'].includes(text),
  );
  return !conditional && command.operator !== '||' && command.operator !== '&&' && before?.operator !== '|';
}

function diagnosis(
  script: Script,
  at: ShellCommand,
  by: string,
  work: string,
  command: ShellCommand,
): Diagnosis {
  const first = at.words[0] ?? command.words[0];
  return {
    ...texts(script, by, work),
    place: script.placeOf(first?.offset ?? 0, first?.length ?? 1),
  };
}

function texts(script: Script, by: string, work: string): Omit<Diagnosis, 'place'> {
  return {
    code: 'DBB5030',
    severity: 'warning',
    message: `${by} hides every failure of "${work}" in ${script.label}`,
    subject: { ...script.subject, command: work },
    expected: 'a failure that ends the step, or one that is tolerated by name',
    actual: `any failure of "${work}" counts as success: a wrong password as much as a row that exists`,
    evidence: [`hidden: ${hiddenBy(work)}`],
    help: helpFor(work),
  };
}

function hiddenBy(work: string): string {
  if (/^(?:migrate|migrate_schemas|sync_schemas)$/.test(work))
    return 'migrations that fail half way, settings that do not import, a database that is another';
  if (work === 'psql') return 'SQL errors, a server that does not answer, a role that does not exist';
  if (/^create/.test(work)) return 'missing rights, a server that does not answer, names that clash';
  return 'errors in the data, tables that do not exist, a database that is another';
}

/** What a person usually meant by hiding it. */
function helpFor(work: string): string {
  if (/^(?:migrate|migrate_schemas|makemigrations|sync_schemas)$/.test(work))
    return 'remove what hides it: no failure of it is harmless';
  const [sqlstate, reason] =
    work === 'createdb'
      ? ['42P04', 'the database may exist']
      : work === 'createuser' || work === 'psql'
        ? ['42710', 'the role may exist']
        : ['23505', 'the rows may exist'];
  return `run it as a task that tolerates what was meant, such as tolerate: [{ sqlstate: '${sqlstate}', reason: ${reason} }]`;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
