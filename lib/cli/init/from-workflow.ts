import { join, normalize, relative } from 'node:path';
import { holdsSecret } from '../../../config/index.js';
import {
  innerScriptsOf,
  programOf,
  type Script,
  type ShellCommand,
  type Step,
  type WorkflowFile,
} from '../../diagnose/index.js';
import { Tasks, type Preset } from './task-lines.js';
import { translateCommand } from './translate-command.js';

/** What the steps of a workflow file become. */
export interface Translation {
  /** Lines below `tasks:`, indented by two. */
  readonly tasks: readonly string[];
  /** Folder of init scripts that a loop ran. */
  readonly initFolder?: string;
  /** The settings module that the workflow names. */
  readonly settings?: string;
  /** For each command that was read: its place, its text, and what it became; undefined where it is left alone, with the reason. */
  readonly rows: readonly Row[];
}

interface Row {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly became?: string;
  readonly reason?: string;
}

/** Turns the database steps of a CI workflow into tasks that do the same, without what hides their failures. */
export function translateWorkflow(file: WorkflowFile, preset: Preset, root: string): Translation {
  const rows: Row[] = [];
  const tasks = new Tasks(preset);
  for (const step of file.steps) {
    if (step.foreignShell !== undefined) {
      const { text } = step.script;
      rows.push({
        ...placeOf(step.script, 0),
        text: text.trim(),
        reason: `its shell is ${step.foreignShell}`,
      });
    } else translateScript({ script: step.script, step, root, tasks, rows, cwd: step.directory ?? '.' });
  }
  const settings = file.steps.map(({ env }) => env.get('DJANGO_SETTINGS_MODULE')).find((name) => name);
  return {
    tasks: tasks.lines(),
    ...(tasks.initFolder === undefined ? {} : { initFolder: tasks.initFolder }),
    ...(settings === undefined || settings.includes('$') ? {} : { settings }),
    rows,
  };
}

interface Place {
  readonly script: Script;
  readonly step: Step;
  readonly root: string;
  readonly tasks: Tasks;
  readonly rows: Row[];
  readonly cwd: string;
}

const ofMakefile = /(?:^|\/)(?:GNUm|M|m)akefile$|\.mk$/;

/** A script command by command; what starts another script is read on there. */
function translateScript(place: Place): void {
  const { script, step, root, tasks, rows } = place;
  let { cwd } = place;
  for (const [index, command] of script.commands.entries()) {
    const text = textOf(script, command);
    if (text === '') continue;
    const target = command.words[1]?.text;
    if (programOf(command) === 'cd' && target !== undefined) cwd = normalize(join(cwd, target));
    const inner = innerScriptsOf(script, command, root);
    for (const each of inner)
      translateScript({
        ...place,
        script: each,
        cwd: normalize(join(cwd, relative(script.folder, each.folder))),
      });
    if (inner.length > 0) continue;
    if (ofMakefile.test(script.label) && /\$[({$]/.test(text) && !/\bmigrat|\bmakemigrations\b/.test(text)) {
      const reason = 'make puts a value into it: write the task by hand';
      rows.push({ ...placeOf(script, command.words[0]?.offset ?? 0), text, reason });
      continue;
    }
    const became = translateCommand({
      command,
      text,
      before: script.commands[index - 1],
      after: script.commands[index + 1],
      tasks,
      cwd,
      env: variablesOf(step, text),
    });
    if (became === 'nothing') continue;
    rows.push({ ...placeOf(script, command.words[0]?.offset ?? 0), text, ...became });
  }
}

function placeOf(script: Script, offset: number): { readonly file: string; readonly line: number } {
  const { file, line = 1 } = script.placeOf(offset, 1);
  return { file, line };
}

/** Values that a command reads by name; those of GitHub's own, secrets, and what names the database, come from elsewhere. */
function variablesOf({ env }: Step, text: string): ReadonlyMap<string, string> {
  const own = [...env].filter(
    ([name, value]) =>
      !value.includes('${{') &&
      !/^(?:DATABASE_URL|DJANGO_SETTINGS_MODULE|PG[A-Z]+)$/.test(name) &&
      !holdsSecret(name) &&
      new RegExp(`\\$\\{?${name}\\b`).test(text),
  );
  return new Map(own);
}

/** A command as it is written, with the programs that variables name in their place. */
function textOf({ text }: Script, { words }: ShellCommand): string {
  let written = '';
  let at = words[0]?.offset ?? 0;
  for (const [index, { text: word, offset, length }] of words.entries()) {
    const isValue = [words[index - 1], words[index + 1]].some((other) => other?.offset === offset);
    written += text.slice(Math.min(at, offset), offset);
    written += isValue ? (at > offset ? ` ${word}` : word) : text.slice(offset, offset + length);
    at = offset + length;
  }
  return written.replace(/\\\n\s*/g, ' ');
}
