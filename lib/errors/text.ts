// ESC or CSI sequences, OSC strings up to their end, and any other escape with its final byte.
const escapes =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]/g;
// What is left of the control characters, except line feed and tab; and the marks that turn the direction of writing.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A text without escape sequences and control characters (line feeds and tabs stay): what a child printed cannot move the cursor. */
export function plainText(text: string): string {
  return (
    text
      .replace(escapes, '')
      .replace(/\r+\n/g, '\n')
      // A lone carriage return starts the line again: a progress bar leaves its last state only.
      .replace(/^[^\n]*\r(?=[^\n])/gm, '')
      .replace(controls, '')
  );
}

const namedEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(character: string): string {
  return namedEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A name from outside (a schema, a migration, a role) on one line: line ends and other control characters become escapes. */
export function visible(name: string): string {
  return name.replace(unprintable, escapeOf);
}

/** A message with its lines and tabs. All other control characters become escapes, because a name in the message may contain them. */
export function visibleLines(message: string): string {
  return message.replace(/\r+\n/g, '\n').replace(controls, escapeOf);
}

// A command of GitHub's runner: `::name::` at the start of a line, after optional blanks, or the older `##[name]` anywhere.
const commands = /^([ \t]*:):(?=[\w-]+(?:[ \t][^\n]*)?::)|(##)\[(?=[\w-])/gm;

/** A text in which no line is a command to the runner of a CI system. */
export function inert(text: string): string {
  return text.replace(commands, (_all, colon?: string, hashes?: string) =>
    colon === undefined ? `${hashes ?? ''}\\u005b` : `${colon}\\u003a`,
  );
}

// Every control character except line feeds, tabs and the escapes of colours and weights, which db-bootstrap itself prints.
const unwanted =
  /(?!\u001b\[(?:0|1|2|22|3\d|39)m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** The last filter of all output: names in it can neither move the cursor nor give commands to a CI runner. JSON remains valid JSON. */
export function harmless(text: string): string {
  return inert(text.replace(unwanted, escapeOf));
}

// Made when a text needs it: the segmenter's data take 15 ms to load, and most texts are plain ASCII.
let segmenter: Intl.Segmenter | undefined;

function segmentsOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** How many columns a text takes on a terminal; escape sequences take none, East Asian wide characters and emoji two. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmentsOf(text.replace(escapes, ''))) width += graphemeWidth(segment);
  return width;
}

/** The text cut to a number of columns, with an ellipsis where something is missing. The text must be free of escape sequences. */
export function truncateText(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let result = '';
  let width = 0;
  for (const { segment } of segmentsOf(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    result += segment;
  }
  return columns < 1 ? '' : `${result}…`;
}

/** The text filled with spaces up to a number of columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

function graphemeWidth(grapheme: string): number {
  if (/^(?:\p{Mn}|\p{Me}|\p{Cc}|\p{Cf})+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  return isWide(grapheme.codePointAt(0) ?? 0) ? 2 : 1;
}

const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

function isWide(codePoint: number): boolean {
  return wideRanges.some(([from, to]) => codePoint >= from && codePoint <= to);
}
