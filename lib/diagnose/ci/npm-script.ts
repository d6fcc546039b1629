import { join } from 'node:path';
import { programOf, scriptOf, setsPipefail, type Script } from './script.js';
import type { ShellCommand } from './shell.js';
import { placesIn, readSource } from './sources.js';

const managers = new Set(['npm', 'pnpm', 'yarn', 'bun']);
/** Scripts that npm starts without "run". */
const short: Readonly<Record<string, string>> = {
  test: 'test',
  t: 'test',
  tst: 'test',
  start: 'start',
  stop: 'stop',
  restart: 'restart',
};

/** What `npm run x` starts: the script of the package.json beside it, and those that npm runs before and after it. */
export function npmScripts(script: Script, command: ShellCommand, root: string): readonly Script[] {
  const call = managers.has(programOf(command)) ? callOf(command) : undefined;
  if (!call) return [];
  const folder = join(script.folder, call.directory);
  const source = readSource(join(folder, 'package.json'), root);
  if (!source) return [];
  const scripts = scriptsIn(source.text);
  return ['pre', '', 'post'].flatMap((stage) => {
    const found = scripts.get(`${stage}${call.name}`);
    if (!found) return [];
    const placeOf = placesIn(source);
    return [
      scriptOf({
        text: found.text,
        subject: { file: source.file, script: `${stage}${call.name}` },
        label: `script "${stage}${call.name}" of ${source.file}`,
        folder,
        variables: script.variables,
        ...(script.values ? { values: script.values } : {}),
        isTimed: script.isTimed === true,
        // npm hands each of them to a shell without options.
        pipefail: setsPipefail(found.text),
        stopsAtErrors: false,
        placeOf: (offset, length) => placeOf(found.offsets[offset] ?? found.offsets[0] ?? 0, length),
      }),
    ];
  });
}

/** The script that a command names, and the folder that it names for it. */
function callOf(command: ShellCommand): { readonly name: string; readonly directory: string } | undefined {
  const texts = command.words.map(({ text }) => text);
  const program = programOf(command);
  const rest = texts.slice(texts.findIndex((text) => text.endsWith(program)) + 1);
  let directory = '.';
  const names: string[] = [];
  for (let index = 0; index < rest.length && rest[index] !== '--'; index++) {
    const text = rest[index] ?? '';
    const [, glued] = /^(?:--prefix|--dir|--cwd)=(.+)$/.exec(text) ?? [];
    if (glued !== undefined) directory = glued;
    else if (/^(?:--prefix|--dir|--cwd|-C)$/.test(text)) directory = rest[++index] ?? '.';
    else if (/^(?:-w|--workspace|--filter|-F)$/.test(text)) return undefined;
    else if (!text.startsWith('-')) names.push(text);
  }
  const [first = '', second] = names;
  if (first === 'run' || first === 'run-script')
    return second === undefined ? undefined : { name: second, directory };
  // The others start a script by its bare name as well, where no command of theirs has it.
  const name = program === 'npm' ? short[first] : first;
  return name === undefined || name === '' ? undefined : { name, directory };
}

interface Located {
  readonly text: string;
  /** Where each character of it stands in the file. */
  readonly offsets: readonly number[];
}

/** The scripts of a package.json, as a shell gets them. */
function scriptsIn(json: string): ReadonlyMap<string, Located> {
  const start = /"scripts"\s*:\s*\{/.exec(json);
  const scripts = new Map<string, Located>();
  if (!start) return scripts;
  const entry = /\s*"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
  entry.lastIndex = start.index + start[0].length;
  for (let found = entry.exec(json); found; found = entry.exec(json)) {
    const [all, name = '', raw = ''] = found;
    const from = found.index + all.lastIndexOf(raw + '"');
    scripts.set(name, unescaped(raw, from));
  }
  return scripts;
}

function unescaped(raw: string, from: number): Located {
  const offsets: number[] = [];
  let text = '';
  for (const { 0: part, index } of raw.matchAll(/\\u[\da-fA-F]{4}|\\["\\/bfnrt]|[^]/g)) {
    const value = part.length === 1 ? part : String(JSON.parse(`"${part}"`));
    offsets.push(from + index);
    text += value;
  }
  return { text, offsets };
}
