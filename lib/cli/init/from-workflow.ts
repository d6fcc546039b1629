import { basename } from 'node:path';
import {
  databaseWork,
  managementCommand,
  programOf,
  type Script,
  type ShellCommand,
  type WorkflowFile,
} from '../../diagnose/index.js';

/** What the steps of a workflow file become. */
export interface Translation {
  /** Lines below `tasks:`, indented by two. */
  readonly tasks: readonly string[];
  /** Folder of init scripts that a loop ran. */
  readonly initFolder?: string;
  /** For each command that was read: its line, its text, and what it became; undefined where it is left alone. */
  readonly rows: readonly { readonly line: number; readonly text: string; readonly became?: string }[];
}

interface Task {
  readonly name: string;
  readonly lines: readonly string[];
  /** It stands before the migrations. */
  readonly early: boolean;
}

/** Programs by which loops wait for a server. */
const probes = new Set(['nc', 'seq']);
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

/** Turns the database steps of a CI workflow into tasks that do the same, without what hides their failures. */
export function translateWorkflow(
  file: WorkflowFile,
  preset: 'django-tenants' | 'django' | 'sql',
): Translation {
  const rows: { line: number; text: string; became?: string }[] = [];
  const tasks: Task[] = [];
  const state: { migrated: boolean; createDatabase: boolean; initFolder?: string } = {
    migrated: false,
    createDatabase: false,
  };
  const add = (wanted: string, lines: readonly string[]): string => {
    let name = wanted.replace(/[^\w-]+/g, '-').toLowerCase();
    for (let number = 2; tasks.some((task) => task.name === name); number++)
      name = `${wanted}-${String(number)}`;
    tasks.push({ name, lines, early: !state.migrated });
    return `task "${name}"`;
  };
  for (const { script, directory } of file.steps) {
    let cwd = directory;
    for (const command of script.commands) {
      const text = textOf(script, command);
      if (text === '') continue;
      if (programOf(command) === 'cd') cwd = [cwd, command.words[1]?.text].filter(Boolean).join('/');
      const became = translate(command, text, { preset, state, add, cwd });
      if (became === 'nothing') continue;
      const line = script.placeOf(command.words[0]?.offset ?? 0, 1).line ?? 1;
      rows.push(became === undefined ? { line, text } : { line, text, became });
    }
  }
  return {
    tasks: linesOf(tasks, preset, state.createDatabase),
    ...(state.initFolder === undefined ? {} : { initFolder: state.initFolder }),
    rows,
  };
}

interface Scene {
  readonly preset: 'django-tenants' | 'django' | 'sql';
  readonly state: { migrated: boolean; createDatabase: boolean; initFolder?: string };
  readonly add: (name: string, lines: readonly string[]) => string;
  readonly cwd: string | undefined;
}

/** What a command becomes: undefined where it is left alone, "nothing" where it is only a part of another. */
function translate(command: ShellCommand, text: string, scene: Scene): string | undefined {
  const { preset, state, add, cwd } = scene;
  const program = programOf(command);
  const inLoop = command.keywords.some(({ text: word }) => ['until', 'while', 'for', 'do'].includes(word));
  if (['echo', 'true', ':', 'cd', 'set', 'export', 'exit', 'break', 'continue', 'printf'].includes(program))
    return 'nothing';
  if (program === 'sleep') return 'nothing';
  if (program === 'pg_isready' || (inLoop && probes.has(program))) return 'task "wait"';
  const folder = command.words.map((word) => /^(.*)\/\*\.sql$/.exec(word.text)?.[1]).find(Boolean);
  if (folder !== undefined) {
    state.initFolder = folder;
    return 'task "init"';
  }
  if (program === 'createdb') {
    state.createDatabase = true;
    return 'task "wait", with createDatabase';
  }
  if (program === 'psql') return psqlTask(command, inLoop, scene);
  const management = managementCommand(command)?.text ?? unknownManagement(command);
  if (management === undefined)
    return databaseWork(command) === undefined ? undefined : add(program, commandLines(text, cwd));
  if (management === 'makemigrations') return 'task "makemigrations"';
  if (management === 'migrate' || management === 'migrate_schemas') {
    state.migrated = true;
    if (preset !== 'django-tenants') return 'task "migrate"';
    const texts = command.words.map((word) => word.text);
    if (texts.includes('--shared')) return 'task "shared"';
    return texts.some((word) => /^(?:--tenant|--schema|-s)/.test(word))
      ? 'task "tenant-migrations"'
      : 'tasks "shared" and "tenant-migrations"';
  }
  if (management === 'create_tenant')
    return 'the section "tenants": name it there, with its domain and fields';
  if (management === 'flush') return 'task "flush", which is off: see "db-bootstrap explain DBB8001"';
  return add(management, commandLines(text, cwd));
}

function psqlTask(command: ShellCommand, inLoop: boolean, { add, state }: Scene): string | undefined {
  const texts = command.words.map(({ text }) => text);
  const after = (...flags: string[]): string | undefined => {
    const index = texts.findIndex((text) => flags.includes(text));
    return index < 0 ? undefined : texts[index + 1];
  };
  const sql = after('-c', '--command');
  if (sql !== undefined && (inLoop || /^\s*select\s+1\b/i.test(sql))) return 'task "wait"';
  if (sql !== undefined && /^\s*create\s+database\b/i.test(sql)) {
    state.createDatabase = true;
    return 'task "wait", with createDatabase';
  }
  if (sql !== undefined) return add('sql', ['use: sql', `sql: ${JSON.stringify(sql)}`]);
  const file =
    after('-f', '--file') ?? texts.find((text) => text.startsWith('<') && text.length > 1)?.slice(1);
  if (file === undefined) return undefined;
  if (file.includes('$')) return 'task "init"';
  return add(`sql-${basename(file).replace(/\..*$/, '')}`, ['use: sql', `files: [${quoted(file)}]`]);
}

/** A management command of the project's own. */
function unknownManagement({ words }: ShellCommand): string | undefined {
  const start = words.findIndex(({ text }) => /(?:^|\/)manage\.py$/.test(text));
  const name = start < 0 ? undefined : words.slice(start + 1).find(({ text }) => !text.startsWith('-'))?.text;
  return name === undefined || others.has(name) ? undefined : name;
}

function commandLines(text: string, cwd: string | undefined): string[] {
  return ['use: command', `run: ${quoted(text)}`, ...(cwd === undefined ? [] : [`cwd: ${quoted(cwd)}`])];
}

function linesOf(tasks: readonly Task[], preset: string, createDatabase: boolean): string[] {
  const lines = createDatabase ? ['  wait: { createDatabase: true }'] : [];
  const migrations =
    preset === 'django-tenants' ? 'tenant-migrations' : preset === 'django' ? 'migrate' : 'init';
  const early = preset === 'sql' ? [] : tasks.filter((task) => task.early);
  const late = tasks.filter((task) => !early.includes(task));
  for (const [list, first] of [
    [early, 'init'],
    [late, migrations],
  ] as const) {
    let before: string = first;
    for (const { name, lines: own } of list) {
      lines.push(`  ${name}:`, ...[...own, `needs: [${before}]`].map((line) => `    ${line}`));
      before = name;
    }
  }
  const last = early.at(-1);
  if (last)
    lines.push('  # In the workflow this came first.', `  makemigrations: { needs: [init, ${last.name}] }`);
  return lines;
}

function textOf({ text }: Script, { words }: ShellCommand): string {
  const last = words.at(-1);
  return last ? text.slice(words[0]?.offset ?? 0, last.offset + last.length).replace(/\\\n\s*/g, ' ') : '';
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}
