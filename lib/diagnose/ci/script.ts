import type { Place } from '../../errors/index.js';
import { parseShell, type ShellCommand } from './shell.js';
import { withValues } from './variables.js';

/** A shell script somewhere: a step of a CI workflow, or a command of the config. */
export interface Script {
  readonly text: string;
  readonly commands: readonly ShellCommand[];
  /** What it is about, for machines: `{ file, job, step }` or `{ task }`. */
  readonly subject: Readonly<Record<string, string>>;
  /** "step 3 of job \"test\"", "task \"seed\"". */
  readonly label: string;
  /** The folder in which it runs, by which relative paths in it are read. */
  readonly folder: string;
  /** Variables that its environment is known to have, by name. */
  readonly variables: ReadonlySet<string>;
  /** Values of variables, as far as they are known, by name. */
  readonly values?: ReadonlyMap<string, string>;
  /** Whether a pipeline fails with any of its commands. */
  readonly pipefail: boolean;
  /** Whether its shell ends at the first command that fails, before any `set` in it. */
  readonly stopsAtErrors: boolean;
  /** Whether the failure of what stands at an offset is passed over by who runs it. */
  passesOver?(offset: number): boolean;
  /** Whether it only runs once something has failed, or in the end: to show what was, or to clean up. */
  readonly isAftermath?: boolean;
  /** Whether it is ended after some time, by `timeout` or by its step. */
  readonly isTimed?: boolean;
  /** Where a part of the text stands; 0-based offset. */
  placeOf(offset: number, length: number): Place;
}

/** Makes a script of its text. */
export function scriptOf(parts: Omit<Script, 'commands'>): Script {
  return { ...parts, commands: withValues(parseShell(parts.text), parts.values) };
}

/** What starts another program, with those of its flags that take a value. */
const wrappers: Readonly<Record<string, RegExp>> = {
  sudo: /^(?:-[A-Za-z]*[ugpCDRT]|--user|--group)$/,
  env: /^(?:-[uC]|--unset|--chdir)$/,
  exec: /^-a$/,
  nice: /^-n$/,
  command: /^$/,
  nohup: /^$/,
  time: /^-[fo]$/,
  gosu: /^$/,
};

/** The program that a command starts, without variables, `sudo` and their like before it. */
export function programOf({ words }: ShellCommand): string {
  const texts = words.map(({ text }) => text);
  let index = 0;
  for (;;) {
    while (/^\w+=/.test(texts[index] ?? '')) index++;
    const name = baseOf(texts[index] ?? '');
    const takesValue = wrappers[name];
    if (!takesValue || index === texts.length - 1) return name;
    index++;
    while (texts[index]?.startsWith('-') === true) index += takesValue.test(texts[index] ?? '') ? 2 : 1;
    // gosu names the user first.
    if (name === 'gosu') index++;
  }
}

function baseOf(text: string): string {
  return text.replace(/^.*\//, '');
}

const databasePrograms = new Set([
  'psql',
  'createdb',
  'dropdb',
  'createuser',
  'dropuser',
  'pg_restore',
  'pg_dump',
  'db-bootstrap',
]);
const managementCommands = new Set([
  'migrate',
  'migrate_schemas',
  'makemigrations',
  'loaddata',
  'flush',
  'create_tenant',
  'create_tenant_superuser',
  'clone_tenant',
  'delete_tenant',
  'tenant_command',
  'all_tenants_command',
  'createsuperuser',
  'sqlflush',
  'dbshell',
  'sync_schemas',
]);

/** Programs that pass a whole command on, to a container or after some words of their own. */
const passersOn = new Set([
  'docker',
  'docker-compose',
  'podman',
  'podman-compose',
  'kubectl',
  'xargs',
  'find',
  'parallel',
  'timeout',
  'poetry',
  'pipenv',
  'uv',
]);

/** What a command does to a database, in a word or two ("psql", "migrate_schemas"); undefined where it touches none. */
export function databaseWork(command: ShellCommand): string | undefined {
  const program = programOf(command);
  if (databasePrograms.has(program)) return program;
  const texts = command.words.map(({ text }) => text);
  if (texts.includes('db-bootstrap')) return 'db-bootstrap';
  const passed = passersOn.has(program) ? texts.slice(1).map(baseOf) : [];
  const started = passed.find((text) => databasePrograms.has(text));
  if (started !== undefined) return started;
  return managementCommand(command)?.text ?? (isPythonWork(command) ? 'python -c' : undefined);
}

/** Whether Python is given a text that changes rows or calls a command. */
function isPythonWork({ words }: ShellCommand): boolean {
  const flag = words.findIndex(({ text }) => text === '-c');
  if (flag < 0 || !words.slice(0, flag).some(({ text }) => /(?:^|\/)python[\d.]*$/.test(text))) return false;
  return /\bcall_command\b|\.objects\b|\.execute\(|\.save\(|\bcreate_(?:super)?user\b/.test(
    words[flag + 1]?.text ?? '',
  );
}

/** Whether a text of a shell script makes its pipelines fail with any of their commands. */
export function setsPipefail(text: string): boolean {
  return /\bset\s+(?:-\w+\s+)*-[a-z]*o\s*pipefail/.test(text);
}

/** The word that names a management command that works on the database, behind manage.py, django-admin or `python -m django`. */
export function managementCommand({
  words,
  heredoc,
}: ShellCommand): ShellCommand['words'][number] | undefined {
  const start = words.findIndex(
    ({ text }, index) =>
      /(?:^|\/)manage\.py$|^django-admin(?:\.py)?$/.test(text) ||
      (text === 'django' && words[index - 1]?.text === '-m'),
  );
  const word = start < 0 ? undefined : words.slice(start + 1).find(({ text }) => !text.startsWith('-'));
  if (word && /^shell(?:_plus)?$/.test(word.text)) {
    // A shell that nobody gives a text is for a person.
    const isFed = heredoc !== undefined || words.some(({ text }) => /^(?:<|-c$|--command\b)/.test(text));
    return isFed ? word : undefined;
  }
  return word && (managementCommands.has(word.text) || isOwnWork(word.text)) ? word : undefined;
}

/** Whether the name of a command of the project's own says that it works on the database. */
function isOwnWork(name: string): boolean {
  return (
    /(?:^|_)(?:seed|load|import|populate|create|init|setup|tenants?|schemas?|migrat\w*|fixtures?|data|db|database|sync|bootstrap|demo|permissions|users?)(?:_|$)/.test(
      name,
    ) && !/^(?:wait|check|show|list|sql|dump|export|inspect)/.test(name)
  );
}
