import { basename, join, normalize } from 'node:path';
import { databaseWork, managementCommand, programOf, type ShellCommand } from '../../diagnose/index.js';
import { written, type Tasks } from './task-lines.js';

/** A command with all that says what it becomes. */
export interface Scene {
  readonly command: ShellCommand;
  readonly text: string;
  readonly before: ShellCommand | undefined;
  readonly after: ShellCommand | undefined;
  readonly tasks: Tasks;
  /** The folder in which it runs, from the root of the repository. */
  readonly cwd: string;
  /** Values of the workflow that it reads. */
  readonly env: ReadonlyMap<string, string>;
}

/** What a command became; or, without that, why it is left alone. */
type Became = { readonly became?: string; readonly reason?: string };

const silent = new Set([
  'echo',
  'true',
  ':',
  'cd',
  'set',
  'export',
  'exit',
  'break',
  'continue',
  'printf',
  'sleep',
  'return',
]);
/** What passes on, or looks for, what another command of a pipe has said. */
const filters = new Set(['sort', 'grep', 'egrep', 'cut', 'tee', 'xargs', 'read', 'tr', 'head', 'tail']);
/** Programs by which loops wait for a server. */
const probes = new Set(['nc', 'seq', 'pg_isready', 'curl']);
/** Commands of Django's that have nothing to do with making a database ready. */
const others = new Set([
  'test',
  'check',
  'collectstatic',
  'runserver',
  'compilemessages',
  'makemessages',
  'shell',
  'version',
  'help',
  'startapp',
]);

/** What a command of a workflow becomes: "nothing" where it is only a part of another. */
export function translateCommand(scene: Scene): Became | 'nothing' {
  const { command, text, before, tasks } = scene;
  const program = programOf(command);
  const keywords = command.keywords.map(({ text: word }) => word);
  const inLoop = keywords.some((word) => ['until', 'while', 'for', 'do'].includes(word));
  if (silent.has(program) || /^\w+=[^ ]*$/.test(text) || ['[', '[[', 'test'].includes(program))
    return 'nothing';
  const folder = initFolderOf(scene);
  if (folder !== undefined) {
    tasks.initFolder ??= folder;
    return { became: 'task "init"' };
  }
  if (keywords.includes('for')) return 'nothing';
  if (before?.operator === '|' && filters.has(program)) return 'nothing';
  if (program === 'pg_isready' || (inLoop && probes.has(program))) return { became: 'task "wait"' };
  if (program === 'cat' && scene.after && command.operator === '|' && databaseWork(scene.after) === 'psql')
    return 'nothing';
  if (
    /\$\{\{/.test(text) &&
    (databaseWork(command) !== undefined || unknownManagement(command) !== undefined)
  )
    return { reason: 'it holds an expression that only GitHub knows: write the task by hand' };
  if (program === 'createdb') {
    tasks.createDatabase = true;
    return { became: 'task "wait", with createDatabase' };
  }
  if (program === 'psql') return psqlTask(scene, inLoop);
  return managementTask(scene, program);
}

function managementTask(scene: Scene, program: string): Became {
  const { command, tasks } = scene;
  const management = managementCommand(command)?.text ?? unknownManagement(command);
  if (management === undefined)
    return databaseWork(command) === undefined ? {} : { became: tasks.add(program, commandLines(scene)) };
  if (/^wait_?for_?(?:db|database|postgres)/.test(management)) return { became: 'task "wait"' };
  if (management === 'makemigrations') return { became: 'task "makemigrations"' };
  if (management === 'migrate' || management === 'migrate_schemas') {
    tasks.migrated = true;
    if (tasks.preset !== 'django-tenants') return { became: 'task "migrate"' };
    const texts = command.words.map((word) => word.text);
    if (texts.includes('--shared')) return { became: 'task "shared"' };
    return {
      became: texts.some((word) => /^(?:--tenant|--schema|-s)/.test(word))
        ? 'task "tenant-migrations"'
        : 'tasks "shared" and "tenant-migrations"',
    };
  }
  if (management === 'create_tenant')
    return { became: 'the section "tenants": name it there, with its domain and fields' };
  if (management === 'flush')
    return { became: 'task "flush", which is off: see "db-bootstrap explain DBB8001"' };
  return { became: tasks.add(management, commandLines(scene)) };
}

function psqlTask(scene: Scene, inLoop: boolean): Became | 'nothing' {
  const { command, before, after, tasks } = scene;
  const sql = valueOf(command, 'c', '--command');
  if (sql !== undefined && /^\s*select\b[^]*\bfrom\s+pg_(?:database|roles|user)\b/i.test(sql) && after)
    return 'nothing';
  if (sql !== undefined && (inLoop || /^\s*select\s+1\s*;?\s*$/i.test(sql))) return { became: 'task "wait"' };
  if (sql !== undefined && /^\s*create\s+database\b/i.test(sql)) {
    tasks.createDatabase = true;
    return { became: 'task "wait", with createDatabase' };
  }
  const text = sql ?? command.heredoc;
  if (text !== undefined) {
    // What a hidden failure of this statement meant: that is told by name.
    const tolerated =
      command.operator === '||' && /^\s*create\s+(?:role|user)\b/i.test(text)
        ? [`tolerate: [{ sqlstate: '42710', reason: the role may exist }]`]
        : [];
    return { became: tasks.add('sql', ['use: sql', `text: ${written(text.trim())}`, ...tolerated]) };
  }
  const piped = before?.operator === '|' && programOf(before) === 'cat' ? before.words[1]?.text : undefined;
  const file = valueOf(command, 'f', '--file') ?? redirected(command) ?? piped;
  if (file === undefined)
    return before?.operator === '|'
      ? { reason: `what it executes comes from "${programOf(before)}"` }
      : { reason: 'it executes nothing that stands there' };
  if (file.includes('$')) return { became: 'task "init"' };
  const path = normalize(join(scene.cwd, file));
  return {
    became: tasks.add(`sql-${basename(file).replace(/\..*$/, '')}`, [
      'use: sql',
      `files: [${written(path)}]`,
    ]),
  };
}

/** The value of a flag of psql: apart, glued, or behind other letters ("-tAc"). */
function valueOf({ words }: ShellCommand, letter: string, long: string): string | undefined {
  const texts = words.map(({ text }) => text);
  const glued = texts.find((text) => text.startsWith(`${long}=`));
  if (glued !== undefined) return glued.slice(long.length + 1);
  const index = texts.findIndex(
    (text) => text === long || new RegExp(`^-[1aAbeEnqtxX]*${letter}$`).test(text),
  );
  return index < 0 ? undefined : texts[index + 1];
}

function redirected({ words }: ShellCommand): string | undefined {
  const index = words.findIndex(({ text }) => /^<[^<&]*$/.test(text));
  const text = words[index]?.text ?? '';
  return index < 0 ? undefined : text.length > 1 ? text.slice(1) : words[index + 1]?.text;
}

/** The folder of which all *.sql files are named: by a pattern, or by `find`. */
function initFolderOf({ command: { words, ...command }, cwd }: Scene): string | undefined {
  const [, start, ...rest] = words;
  const isFind = programOf({ words, ...command }) === 'find' && rest.some(({ text }) => text === '*.sql');
  const folder = isFind
    ? start?.text
    : words.map(({ text }) => /^(?:[^]*[\s(])?([^\s(]+)\/\*\.sql/.exec(text)?.[1]).find(Boolean);
  return folder === undefined ? undefined : normalize(join(cwd, folder));
}

/** A management command of the project's own. */
function unknownManagement({ words }: ShellCommand): string | undefined {
  const start = words.findIndex(({ text }) => /(?:^|\/)manage\.py$/.test(text));
  const name = start < 0 ? undefined : words.slice(start + 1).find(({ text }) => !text.startsWith('-'))?.text;
  return name === undefined || others.has(name) ? undefined : name;
}

function commandLines({ text, cwd, env }: Scene): string[] {
  const values = [...env].map(([name, value]) => `${name}: ${written(value)}`);
  return [
    'use: command',
    `run: ${written(text)}`,
    ...(cwd === '.' ? [] : [`cwd: ${written(cwd)}`]),
    ...(values.length === 0 ? [] : [`env: { ${values.join(', ')} }`]),
  ];
}
