/** ESC and CSI sequences, OSC strings up to their end, and any other escape with its final byte. */
export const escapes =
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
