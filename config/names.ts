import type { Place, Problem } from '../lib/errors/index.js';

/** What has a name of its own in a config. */
export type Named = 'task' | 'profile' | 'variable' | 'schema' | 'domain';

// What no terminal and no report shows as it is: controls, marks of direction, ends of lines, halves of characters. The two joiners
// belong to the spelling of some languages.
const invisible = '\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}';
const joiners = '[\\u200c\\u200d]';

/** The characters that end a name where it is used, and why. */
const separators: Readonly<Record<Named, readonly [character: string, why: string] | undefined>> = {
  task: [',', 'a comma separates the names after --only'],
  profile: undefined,
  variable: ['=', 'an equals sign ends the name of a variable'],
  schema: undefined,
  domain: [' ', 'a host name has no blanks'],
};

/** The regular expression of the names that something may have, for validators and editors. */
export function namePattern(named: Named): string {
  const [separator = ''] = separators[named] ?? [];
  return `^(?!__proto__$)(?=\\S)(?:[^${invisible}${separator}]|${joiners})*(?<=\\S)$`;
}

/** Why something cannot have a name; undefined where it can. */
export function nameFault(name: string, named: Named): string | undefined {
  // Most names are so plain that nothing else has to be asked.
  if (/^[A-Za-z][\w.-]*$/.test(name) || new RegExp(namePattern(named), 'u').test(name)) return undefined;
  const [separator, why] = separators[named] ?? [];
  if (name === '') return 'it is empty';
  if (name === '__proto__') return 'JavaScript keeps it to itself';
  if (separator !== undefined && name.trim().includes(separator)) return why;
  const [hidden] = new RegExp(`(?!${joiners})[${invisible}]`, 'u').exec(name) ?? [];
  return hidden === undefined
    ? 'it begins or ends with a blank'
    : `it holds a character that cannot be seen (${codePoint(hidden)})`;
}

/** What a text cannot hold on its way to the system or to PostgreSQL; undefined where it holds nothing of it. */
export function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'a zero byte (U+0000), which no program and no database takes';
  const [half] = /[\ud800-\udfff]/u.exec(text) ?? [];
  return half === undefined
    ? undefined
    : `half of a character (${codePoint(half)}), which cannot be written as UTF-8`;
}

/** The problem for a name that cannot be one. */
export function nameProblem(name: string, named: Named | undefined, fault: string, place: Place): Problem {
  return {
    code: 'DBB2022',
    message: `"${visible(name)}" cannot be ${named === undefined ? 'a key' : `the name of a ${named}`}: ${fault}`,
    place,
    help: 'choose a name of letters, digits, "-" and "_"',
  };
}

/** A text with the characters that cannot be seen written out. */
export function visible(text: string): string {
  return text.replace(new RegExp(`(?!${joiners})[${invisible}]`, 'gu'), (each) => `<${codePoint(each)}>`);
}

/** U+001B and its like. */
export function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `U+${hex.padStart(4, '0')}`;
}
