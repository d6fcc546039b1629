import type { ShellCommand, Word } from './shell.js';

/** Values worth reading: those that start what works on a database. */
const telling = /\bmanage\.py\b|\bdjango(?:-admin)?\b|\bpsql\b/;

/** The commands with variables in them replaced by the programs that they name ("$MANAGE migrate"); each word stands where the variable does. */
export function withValues(
  commands: readonly ShellCommand[],
  given: ReadonlyMap<string, string> = new Map(),
): readonly ShellCommand[] {
  const values = new Map(
    [...given, ...commands.flatMap(assignmentsOf)].filter(([, value]) => telling.test(value)),
  );
  if (values.size === 0) return commands;
  return commands.map((command) => ({
    ...command,
    words: command.words.flatMap((word) => expanded(word, values)),
  }));
}

/** `NAME=value`, `export NAME=value`, as a command of its own. */
function assignmentsOf({ words }: ShellCommand): readonly (readonly [string, string])[] {
  const [first, ...rest] = words.map(({ text }) => text);
  const texts = first === 'export' || first === 'readonly' ? rest : words.map(({ text }) => text);
  const found = texts.map((text) => /^(\w+)=([^]*)$/.exec(text));
  return found.every((each) => each !== null)
    ? found.map(([, name = '', value = '']) => [name, value] as const)
    : [];
}

function expanded(word: Word, values: ReadonlyMap<string, string>, depth = 0): readonly Word[] {
  const [, braced, round, plain] = /^\$(?:\{(\w+)\}|\((\w+)\)|(\w+))$/.exec(word.text) ?? [];
  const value = values.get(braced ?? round ?? plain ?? '');
  if (value === undefined || depth > 3) return [word];
  return value
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((text) => expanded({ ...word, text }, values, depth + 1));
}
