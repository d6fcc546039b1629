import { join } from 'node:path';
import { programOf, scriptOf, setsPipefail, type Script } from './script.js';
import type { ShellCommand } from './shell.js';
import { readSource } from './sources.js';
import { YamlSource } from './yaml-source.js';

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
  const manifest = new YamlSource(source.file, source.text);
  return ['pre', '', 'post'].flatMap((stage) => {
    const name = `${stage}${call.name}`;
    const found = manifest.scalar(manifest.mapAt(manifest.root, 'scripts'), name);
    if (!found) return [];
    const { text, placeOf } = manifest.located(found);
    return [
      scriptOf({
        text,
        subject: { file: source.file, script: name },
        label: `script "${name}" of ${source.file}`,
        folder,
        variables: script.variables,
        ...(script.values ? { values: script.values } : {}),
        isTimed: script.isTimed === true,
        // npm hands each of them to a shell without options.
        pipefail: setsPipefail(text),
        stopsAtErrors: false,
        placeOf,
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
