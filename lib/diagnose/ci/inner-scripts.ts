import { readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Place } from '../../errors/index.js';
import { recipesOf } from './makefile.js';
import { programOf, scriptOf, setsPipefail, type Script } from './script.js';
import type { ShellCommand, Word } from './shell.js';

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh']);
/** How deep scripts are followed: those that call themselves end somewhere. */
const deepest = 3;

/** A script, and the scripts that it starts: texts behind `sh -c`, and files of the repository. */
export function withInnerScripts(script: Script, root: string, depth = 0): readonly Script[] {
  if (depth === deepest) return [script];
  const inner = script.commands.flatMap((command) => {
    const found = innerScriptOf(script, command, root);
    return found ? [found] : [];
  });
  return [script, ...inner.flatMap((each) => withInnerScripts(each, root, depth + 1))];
}

/** The script that a command starts, where it can be read. */
export function innerScriptOf(script: Script, command: ShellCommand, root: string): Script | undefined {
  return (
    textOfShell(script, command) ?? makeTarget(script, command, root) ?? calledFile(script, command, root)
  );
}

/** `bash -c "…"`, also inside a container: a script of its own, whose shell goes on after errors unless it is told otherwise. */
function textOfShell(script: Script, { words }: ShellCommand): Script | undefined {
  const shell = words.findIndex(({ text }) => shells.has(basename(text)));
  if (shell < 0) return undefined;
  const flag = words.findIndex(({ text }, index) => index > shell && /^-[a-z]*c$/.test(text));
  const word = flag < 0 ? undefined : words[flag + 1];
  if (!word) return undefined;
  const flags = words.slice(shell + 1, flag + 1).map(({ text }) => text);
  const { text, offsets } = unquoted(script.text, word);
  return scriptOf({
    ...script,
    text,
    // What stands before the line stands before all of it.
    passesOver: () => script.passesOver?.(word.offset) === true,
    stopsAtErrors: flags.some((each) => /^-[a-z]*e/.test(each)),
    pipefail: setsPipefail(text) || flags.includes('pipefail'),
    isTimed: script.isTimed === true || words.slice(0, shell).some((each) => each.text === 'timeout'),
    placeOf: (offset, length) => script.placeOf(offsets[offset] ?? word.offset, length),
  });
}

/** What a shell passes on of a word in one pair of quotes, and where each character of it stands. */
function unquoted(source: string, word: Word): { text: string; offsets: readonly number[] } {
  const raw = source.slice(word.offset, word.offset + word.length);
  const [quote = ''] = /^['"](?=[^]*['"]$)/.exec(raw) ?? [];
  const offsets: number[] = [];
  let text = '';
  for (let at = quote.length; at < raw.length - quote.length; at++) {
    if (quote === '"' && raw.charAt(at) === '\\' && /["\\$`]/.test(raw.charAt(at + 1))) at++;
    text += raw.charAt(at);
    offsets.push(word.offset + at);
  }
  return { text, offsets };
}

/** A script file of the repository that a command runs or sources. */
function calledFile(script: Script, command: ShellCommand, root: string): Script | undefined {
  const program = programOf(command);
  const texts = command.words.map(({ text }) => text);
  const isShell = shells.has(program);
  const at = texts.findIndex((text) => basename(text) === program);
  const name =
    isShell || program === '.' || program === 'source'
      ? texts.slice(at + 1).find((text) => !text.startsWith('-'))
      : /\.(?:sh|bash)$/.test(program)
        ? texts[at]
        : undefined;
  if (name === undefined || name.includes('$')) return undefined;
  const path = join(script.folder, name);
  const file = relative(root, path);
  const text = file.startsWith('..') ? undefined : readScript(path);
  if (text === undefined) return undefined;
  const [shebang = ''] = text.split('\n', 1);
  const isSourced = !isShell && !/\.(?:sh|bash)$/.test(program);
  return scriptOf({
    text,
    subject: { file },
    label: file,
    folder: script.folder,
    variables: script.variables,
    isTimed: script.isTimed === true || texts.slice(0, at).includes('timeout'),
    pipefail: setsPipefail(text) || (isSourced && script.pipefail),
    stopsAtErrors:
      (isSourced && script.stopsAtErrors) ||
      (isShell && texts.some((each) => /^-[a-z]*e/.test(each))) ||
      (!isShell && /^#!.*\s-[a-z]*e/.test(shebang)),
    placeOf: placesIn(file, text),
  });
}

/** What `make` runs: each line of a recipe ends it at a failure, unless a "-" stands before it. */
function makeTarget(script: Script, command: ShellCommand, root: string): Script | undefined {
  if (programOf(command) !== 'make') return undefined;
  const texts = command.words.map(({ text }) => text);
  const at = texts.indexOf('make');
  const directory = texts.findIndex((text) => text === '-C') + 1;
  const folder = directory === 0 ? script.folder : join(script.folder, texts[directory] ?? '.');
  const targets = texts
    .slice(at + 1)
    .filter((text, index) => /^[\w.][\w./-]*$/.test(text) && at + 1 + index !== directory);
  for (const name of ['GNUmakefile', 'makefile', 'Makefile']) {
    const file = relative(root, join(folder, name));
    const makefile = file.startsWith('..') ? undefined : readScript(join(folder, name));
    if (makefile === undefined) continue;
    const { text, passesOver } = recipesOf(makefile, targets);
    return scriptOf({
      text,
      passesOver,
      subject: { file },
      label: file,
      folder,
      variables: script.variables,
      pipefail: false,
      stopsAtErrors: true,
      isTimed: script.isTimed === true,
      placeOf: placesIn(file, makefile),
    });
  }
  return undefined;
}

/** The text of a shell script; undefined for what is none, or not there. */
function readScript(path: string): string | undefined {
  try {
    if (statSync(path).size > 1 << 18) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.includes('\0') || /^#!.*\b(?:python|perl|ruby|node)/.test(text) ? undefined : text;
  } catch {
    // Made by an earlier step, or a folder.
    return undefined;
  }
}

function placesIn(file: string, text: string): (offset: number, length: number) => Place {
  const lines = text.split('\n');
  return (offset, length) => {
    const before = text.slice(0, offset).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    const source = lines[before.length - 1] ?? '';
    const rest = Math.max(1, source.length - column + 1);
    return { file, line: before.length, column, length: Math.min(length, rest), source };
  };
}
