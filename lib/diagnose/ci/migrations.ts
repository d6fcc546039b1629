import type { Diagnosis } from '../diagnosis.js';
import { areAlternatives, branchesOf, type Branches } from './alternatives.js';
import { managementCommand, type Script } from './script.js';
import type { Word } from './shell.js';

/** `migrate_schemas --tenant acme`: the flag takes no value, so that the name becomes an app label. */
export function tenantFlagValues(script: Script): Diagnosis[] {
  return script.commands.flatMap((command) => {
    if (managementCommand(command)?.text !== 'migrate_schemas') return [];
    return command.words.flatMap((word, index): Diagnosis[] => {
      const glued = /^--(tenant|shared)=(.+)$/.exec(word.text);
      const next = command.words[index + 1];
      const value =
        glued?.[2] ?? (word.text === '--tenant' && next && isName(next.text) ? next.text : undefined);
      if (value === undefined) return [];
      const end = glued || !next ? word : next;
      return [
        {
          code: 'DBB6078',
          message: `"--${glued?.[1] ?? 'tenant'}" of migrate_schemas takes no value: "${value}" is read as an app label`,
          place: script.placeOf(word.offset, end.offset + end.length - word.offset),
          subject: { ...script.subject, value },
          expected: '--schema for one tenant, or --tenant alone for all of them',
          actual: `${word.text}${glued ? '' : ` ${value}`}`,
          evidence: [`in ${script.label}`, '--tenant and --shared are switches; only --schema takes a name'],
          help: `name the schema by --schema: "migrate_schemas --schema=${value}"`,
        },
      ];
    });
  });
}

/** A name, or a variable that holds one: others may hold flags. */
function isName(text: string): boolean {
  return text !== '' && (!/^[-<>|&;$]/.test(text) || /^\$[{(]*[\s\w.]*(?:tenant|schema)/i.test(text));
}

/** A command that migrates all that it can, and not one app or one schema of it. */
interface FullRun {
  readonly script: Script;
  readonly word: Word;
  readonly name: string;
  readonly line: string;
  readonly branches: Branches;
}

function fullRuns(scripts: readonly Script[]): readonly FullRun[] {
  return scripts.flatMap((script) => {
    const branches = branchesOf(script.commands);
    return script.commands.flatMap((command, index) => {
      const word = managementCommand(command);
      if (!word || !['migrate', 'migrate_schemas'].includes(word.text)) return [];
      const texts = command.words.map(({ text }) => text);
      // One app, another database, or a look at what would be done, repeats nothing.
      const behind = texts.slice(texts.indexOf(word.text) + 1).filter((text) => !text.startsWith('-'));
      if (
        behind.length > 0 ||
        texts.some((text) => /^--(?:(?:check|plan|list|fake|help)$|database\b)/.test(text))
      )
        return [];
      const line = texts.join(' ');
      return [
        { script, word, name: word.text, line, branches: branches[index] ?? new Map<number, number>() },
      ];
    });
  });
}

/** `migrate` and `migrate_schemas` in one job: where django_tenants is installed, the first is the second. */
export function repeatedMigrations(scripts: readonly Script[]): Diagnosis[] {
  const runs = fullRuns(scripts);
  const [pair] = runs
    .filter(({ name }) => name === 'migrate_schemas')
    .flatMap((schemas) =>
      runs
        .filter(({ name, script, branches }) => {
          const isOther = script === schemas.script && areAlternatives(branches, schemas.branches);
          return name === 'migrate' && !isOther;
        })
        .map((plain) => ({ schemas, plain })),
    );
  if (!pair) return [];
  const { schemas, plain } = pair;
  return [
    {
      code: 'DBB6040',
      severity: 'warning',
      message: `"migrate" and "migrate_schemas" both run: with django_tenants the first is the second, and migrates the public schema and every tenant`,
      place: schemas.script.placeOf(schemas.word.offset, schemas.word.length),
      subject: { ...schemas.script.subject, repeats: 'migrate' },
      expected: 'one of the two',
      actual: `${plain.script.label}: ${plain.line}; ${schemas.script.label}: ${schemas.line}`,
      evidence: ['django_tenants replaces the command "migrate" by "migrate_schemas"', cost],
      help: 'remove "migrate", and keep "migrate_schemas --shared" and "migrate_schemas --tenant"',
    },
  ];
}

const cost = 'its cost comes twice: Django is loaded again, and every tenant is looked at again';

/** Commands of a config that migrate what its own tasks migrate: `tasks` are the names of those. */
export function repeatedTasks(scripts: readonly Script[], tasks: readonly string[]): Diagnosis[] {
  if (tasks.length === 0) return [];
  const names = tasks.map((name) => `"${name}"`).join(' and ');
  const whole = tasks.length === 1 ? `the task ${names} does` : `the tasks ${names} do`;
  return fullRuns(scripts)
    .filter(({ line }) => !/\s(?:--schema|-s)\b/.test(line))
    .map(({ script, word, name, line }) => ({
      code: 'DBB6040',
      severity: 'warning',
      message: `${script.label} runs "${name}", and ${whole} that already`,
      place: script.placeOf(word.offset, word.length),
      subject: { ...script.subject, repeats: tasks.join(', ') },
      expected: 'one of them',
      actual: `${script.label}: ${line}`,
      evidence: [`${names}: of the same workflow`, cost],
      help: `remove the command, and let what needs it need "${tasks.at(-1) ?? ''}"`,
    }));
}
