import type { Diagnosis } from '../diagnosis.js';
import { answersYes, fails, isSwallowedByIf, listEnd } from './outcomes.js';
import { databaseWork, programOf, type Script } from './script.js';
import { isCondition, isLastOfAll, isOnlyKept, losesItsList, losesItself } from './lost-codes.js';
import { hiddenBy, isMigration, meantBy } from './meant.js';
import type { Step } from './read-workflow.js';
import type { ShellCommand } from './shell.js';

/** Failures of database commands that a script hides: `|| true`, `|| echo`, `set +e`, pipes without pipefail, an `if` that says nothing. */
export function hiddenFailures(script: Script): Diagnosis[] {
  const found: Diagnosis[] = [];
  const { commands } = script;
  let stopsAtErrors = script.stopsAtErrors;
  let isOff = false;
  for (const [index, command] of commands.entries()) {
    const setting = stopSetting(command);
    stopsAtErrors = setting ?? stopsAtErrors;
    isOff = setting === undefined ? isOff : !setting;
    const work = databaseWork(command);
    if (work === undefined || (script.isAftermath === true && !isMigration(work))) continue;
    const next = commands[index + 1];
    const end = listEnd(commands, index, (each) => databaseWork(each) !== undefined);
    const alternative = commands[end.next];
    if (script.passesOver?.(command.words[0]?.offset ?? 0) === true) {
      found.push(diagnosis(script, command, 'the `-` before it', work, command));
    } else if (end.operator === '||' && alternative && answersYes(commands, end.next)) {
      const what = alternative.words.map(({ text }) => text).join(' ');
      found.push(diagnosis(script, alternative, `\`|| ${shortened(what)}\``, work, command));
    } else if (end.operator === '||' && alternative && isOtherMigration(work, command, alternative)) {
      const what = alternative.words.map(({ text }) => text).join(' ');
      found.push(diagnosis(script, alternative, `\`|| ${shortened(what)}\``, work, command));
    } else if (end.operator === '||' && isOnlyKept(commands, end.next)) {
      const what = alternative?.words[0]?.text ?? '';
      found.push(diagnosis(script, alternative ?? command, `\`|| ${shortened(what)}\``, work, command));
    } else if (isCondition(command)) {
      if (isChange(command, work) && isSwallowedByIf(commands, index))
        found.push(diagnosis(script, command, 'the `if` that goes on either way', work, command));
    } else if (command.operator === '|' && !script.pipefail && next && !answers(next)) {
      if (databaseWork(next) === undefined && !isAskedOfPipe(commands, index))
        found.push(diagnosis(script, command, `the pipe into \`${programOf(next)}\``, work, command));
    } else if (isChange(command, work) && losesItself(commands, index)) {
      found.push(diagnosis(script, command, 'the `&` behind it', work, command));
    } else if (stopsAtErrors && isChange(command, work) && losesItsList(commands, index)) {
      found.push(diagnosis(script, command, 'the `&&` behind it, at which no shell stops,', work, command));
    } else if (!stopsAtErrors && isOnItsOwn(command, commands[index - 1]) && !isLastOfAll(commands, index)) {
      if (!isAskedFor(commands, index))
        found.push(
          diagnosis(script, command, isOff ? '`set +e`' : 'a shell without `set -e`', work, command),
        );
    }
  }
  return found;
}

/** Steps, or a whole job, that may fail without anybody being told: one finding for each place that says so. */
export function continuingSteps(steps: readonly Step[]): Diagnosis[] {
  const told = new Set<string>();
  return steps.flatMap(({ job, script, scripts, continues }) => {
    const work = scripts
      .flatMap(({ commands }) => commands.map(databaseWork))
      .find((each) => each !== undefined);
    if (!continues || work === undefined) return [];
    const { place, condition, ofJob } = continues;
    const key = `${place.file}:${String(place.line)}`;
    if (told.has(key)) return [];
    told.add(key);
    const by = `\`continue-on-error: ${condition ?? 'true'}\``;
    const subject = { file: place.file, job };
    const where = ofJob ? { subject, label: script.label.replace(/^step .* of (?=job )/, '') } : script;
    return [
      {
        ...texts(where, by, work),
        // A job of a matrix that may fail says so in the list of jobs.
        ...(ofJob && condition !== undefined ? { severity: 'note' as const } : {}),
        place,
      },
    ];
  });
}

/** `migrate_schemas || migrate`: the second is no answer to what made the first fail. The same again is another try. */
function isOtherMigration(work: string, command: ShellCommand, alternative: ShellCommand): boolean {
  const other = databaseWork(alternative);
  return (
    isChange(command, work) &&
    isMigration(work) &&
    other !== undefined &&
    other !== work &&
    isMigration(other)
  );
}

/** What `set` says about going on after errors; undefined where it says nothing. */
function stopSetting(command: ShellCommand): boolean | undefined {
  if (programOf(command) !== 'set') return undefined;
  const line = command.words.map(({ text }) => text).join(' ');
  if (/\s\+[a-z]*e|\s\+o\s*errexit/.test(line)) return false;
  return /\s-[a-z]*e|\s-[a-z]*o\s*errexit/.test(line) ? true : undefined;
}

function isOnItsOwn({ operator }: ShellCommand, before: ShellCommand | undefined): boolean {
  return operator !== '||' && operator !== '&&' && operator !== '|' && before?.operator !== '|';
}

/** Whether what comes next takes the exit code, and something is done with it. */
function isAskedFor(commands: readonly ShellCommand[], index: number): boolean {
  const isRead = commands[index + 1]?.words.some(({ text }) => /\$\?|PIPESTATUS/.test(text)) === true;
  const passesOn = ({ words }: ShellCommand): boolean =>
    words.some(({ text }) => /GITHUB_(?:OUTPUT|ENV)|::set-output/.test(text));
  return isRead && commands.slice(index + 1).some((each) => fails(each) || passesOn(each));
}

/** Whether a later command does something about the exit codes of a pipe. */
function isAskedOfPipe(commands: readonly ShellCommand[], index: number): boolean {
  return commands
    .slice(index + 1)
    .some((each) => programOf(each) !== 'echo' && each.words.some(({ text }) => text.includes('PIPESTATUS')));
}

/** `grep -q` fails where nothing came out of the command before it. */
function answers(command: ShellCommand): boolean {
  return (
    /^[ef]?grep$/.test(programOf(command)) &&
    command.words.some(({ text }) => /^-[a-zA-Z]*q|^--(?:quiet|silent)$/.test(text))
  );
}

/** Whether a command is there to change something: what only asks is meant to be answered with no. */
function isChange({ words }: ShellCommand, work: string): boolean {
  return (
    work !== 'psql' &&
    !words.some(({ text }) => /^--(?:check|plan|list|dry-run|help|version)(?:=|$)/.test(text))
  );
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
    ...texts(script, by, work, command),
    place: script.placeOf(first?.offset ?? 0, first?.length ?? 1),
  };
}

function texts(
  script: Pick<Script, 'label' | 'subject'>,
  by: string,
  work: string,
  command?: ShellCommand,
): Omit<Diagnosis, 'place'> {
  return {
    code: 'DBB5030',
    severity: 'warning',
    message: `${by} hides every failure of "${work}" in ${script.label}`,
    subject: { ...script.subject, command: work },
    expected: 'a failure that ends the step, or one that is tolerated by name',
    actual: `any failure of "${work}" counts as success: a wrong password as much as a row that exists`,
    evidence: [`hidden: ${hiddenBy(work)}`],
    help: meantBy(work, command),
  };
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
