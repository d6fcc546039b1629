import { basename, join } from 'node:path';
import { makeTargets } from './make-target.js';
import { npmScripts } from './npm-script.js';
import { programOf, scriptOf, setsPipefail, type Script } from './script.js';
import type { ShellCommand, Substitution, Word } from './shell.js';
import { placesIn, readSource } from './sources.js';

const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh']);
/** How deep scripts are followed: those that call themselves end somewhere. */
const deepest = 3;

/** A script, and the scripts that it starts: texts given to a shell, files, targets and scripts of the repository. */
export function withInnerScripts(script: Script, root: string, depth = 0): readonly Script[] {
  if (depth === deepest) return [script];
  const inner = script.commands.flatMap((command) => [
    ...innerScriptsOf(script, command, root),
    ...(command.substitutions ?? []).map((each) => substituted(script, each)),
  ]);
  return [script, ...inner.flatMap((each) => withInnerScripts(each, root, depth + 1))];
}

/** A command substitution as a script of its own; what it answers is looked at by the command around it. */
function substituted(script: Script, { text, offset }: Substitution): Script {
  return scriptOf({
    ...script,
    text,
    passesOver: (at) => script.passesOver?.(offset + at) === true,
    placeOf: (at, length) => script.placeOf(offset + at, length),
  });
}

/** The scripts that a command starts, in order, as far as they can be read. */
export function innerScriptsOf(script: Script, command: ShellCommand, root: string): readonly Script[] {
  // What another machine does is not ours to read.
  if (remote.has(programOf(command))) return [];
  const [text] = [textOfShell, inputOfShell].flatMap((read) => read(script, command) ?? []);
  if (text) return [text];
  const started = [...makeTargets(script, command, root), ...npmScripts(script, command, root)];
  const file = started.length > 0 ? undefined : calledFile(script, command, root);
  return file ? [file] : started;
}

/** Programs that work as another user of this machine. */
const asOthers = new Set(['sudo', 'su', 'runuser', 'gosu', 'su-exec']);
const remote = new Set(['ssh', 'sshpass', 'mosh', 'gcloud', 'heroku', 'fly', 'flyctl']);

/** `bash -c "…"`, also inside a container: a script of its own, whose shell goes on after errors unless it is told otherwise. */
function textOfShell(script: Script, { words }: ShellCommand): Script | undefined {
  const shell = words.findIndex(({ text }) => shells.has(basename(text)) || asOthers.has(text));
  if (shell < 0) return undefined;
  const flag = words.findIndex(({ text }, index) => index > shell && /^-[a-z]*c$/.test(text));
  const word = flag < 0 ? undefined : words[flag + 1];
  if (!word) return undefined;
  const flags = words.slice(shell + 1, flag + 1).map(({ text }) => text);
  const { text, offsets } = unquoted(script.text, word);
  return shellScript(script, {
    text,
    flags,
    at: word.offset,
    before: words.slice(0, shell + 1),
    offsetOf: (offset) => offsets[offset] ?? word.offset,
  });
}

/** `bash <<EOF`, or a here document that `cat` pipes into one. */
function inputOfShell(script: Script, command: ShellCommand): Script | undefined {
  const { words } = command;
  const shell = shellIn(words);
  const rest = words.slice(shell + 1).map(({ text }) => text);
  // A shell that is given a file reads that; behind "-s" stand values.
  if (shell < 0 || !(rest.includes('-s') || rest.every((text) => /^[-<>\d&]/.test(text)))) return undefined;
  const before = script.commands[script.commands.indexOf(command) - 1];
  const isFed = before?.operator === '|' && programOf(before) === 'cat';
  const { heredoc, heredocAt } = command.heredoc === undefined && isFed ? before : command;
  if (heredoc === undefined || heredocAt === undefined) return undefined;
  return shellScript(script, {
    text: heredoc,
    flags: rest,
    at: heredocAt,
    before: words.slice(0, shell),
    offsetOf: (offset) => heredocAt + offset,
  });
}

function shellIn(words: readonly Word[]): number {
  return words.findIndex(({ text }) => shells.has(basename(text)));
}

function shellScript(
  script: Script,
  inner: {
    readonly text: string;
    readonly flags: readonly string[];
    /** Where it begins in the script. */
    readonly at: number;
    /** What stands before the shell. */
    readonly before: readonly Word[];
    readonly offsetOf: (offset: number) => number;
  },
): Script {
  const { text, flags, at, before, offsetOf } = inner;
  const names = before.map((word) => word.text);
  return scriptOf({
    ...script,
    text,
    // What stands before the line stands before all of it.
    passesOver: () => script.passesOver?.(at) === true,
    stopsAtErrors: flags.some((each) => /^-[a-z]*e/.test(each)),
    pipefail: setsPipefail(text) || flags.includes('pipefail'),
    // Whoever becomes another user means the role of that name.
    variables: names.some((name) => asOthers.has(name))
      ? new Set([...script.variables, 'PGUSER'])
      : script.variables,
    isTimed: script.isTimed === true || names.includes('timeout'),
    placeOf: (offset, length) => script.placeOf(offsetOf(offset), length),
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
  const source = readSource(join(script.folder, name), root);
  if (!source || /^#!.*\b(?:python|perl|ruby|node)/.test(source.text)) return undefined;
  const { file, text } = source;
  const [shebang = ''] = text.split('\n', 1);
  const isSourced = !isShell && !/\.(?:sh|bash)$/.test(program);
  return scriptOf({
    text,
    subject: { file },
    label: file,
    folder: script.folder,
    variables: script.variables,
    ...(script.values ? { values: script.values } : {}),
    isTimed: script.isTimed === true || texts.slice(0, at).includes('timeout'),
    pipefail: setsPipefail(text) || (isSourced && script.pipefail),
    stopsAtErrors:
      (isSourced && script.stopsAtErrors) ||
      (isShell && texts.some((each) => /^-[a-z]*e/.test(each))) ||
      (!isShell && /^#!.*\s-[a-z]*e/.test(shebang)),
    placeOf: placesIn(source),
  });
}
