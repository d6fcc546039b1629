import type { Diagnosis } from '../diagnosis.js';
import { managementCommand, type Script } from './script.js';

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

/** `migrate` and `migrate_schemas` in one job: where django_tenants is installed, the first is the second. */
export function repeatedMigrations(scripts: readonly Script[]): Diagnosis[] {
  const runs = scripts.flatMap((script) =>
    script.commands.flatMap((command) => {
      const word = managementCommand(command);
      if (!word || !['migrate', 'migrate_schemas'].includes(word.text)) return [];
      const texts = command.words.map(({ text }) => text);
      // One app, or a look at what would be done, repeats nothing.
      const behind = texts.slice(texts.indexOf(word.text) + 1).filter((text) => !text.startsWith('-'));
      if (behind.length > 0 || texts.some((text) => /^--(?:check|plan|list|fake|help)$/.test(text)))
        return [];
      return [{ script, word, name: word.text, line: texts.join(' ') }];
    }),
  );
  const schemas = runs.find(({ name }) => name === 'migrate_schemas');
  const plain = runs.find(({ name }) => name === 'migrate');
  if (!schemas || !plain) return [];
  return [
    {
      code: 'DBB6040',
      severity: 'warning',
      message: `"migrate" and "migrate_schemas" both run: with django_tenants the first is the second, and migrates the public schema and every tenant`,
      place: schemas.script.placeOf(schemas.word.offset, schemas.word.length),
      subject: { ...schemas.script.subject, repeats: 'migrate' },
      expected: 'one of the two',
      actual: `${plain.script.label}: ${plain.line}; ${schemas.script.label}: ${schemas.line}`,
      evidence: [
        'django_tenants replaces the command "migrate" by "migrate_schemas"',
        'its cost comes twice: Django is loaded again, and every tenant is looked at again',
      ],
      help: 'remove "migrate", and keep "migrate_schemas --shared" and "migrate_schemas --tenant"',
    },
  ];
}
