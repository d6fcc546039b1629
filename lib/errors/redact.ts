const mask = '***';

// The scheme, the user and everything up to the "@"; digits before a slash are a port, and PASSWORD@HOST is what help
// shows in their place. Quotes end a password only if an "@" stands before them.
const inUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:)(?!\d{1,5}\/|PASSWORD@HOST)(?:[^\s'"]*@|\S*@)/gi;
// libpq keywords, environment variables and URL parameters: password=…, PGPASSWORD='…', POSTGRES_PASSWORD="…".
// Without the letters before it: looking for them would cost the square of a long word.
const inAssignment = /(PASSWORD\s*=\s*)('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s'"]+)/gi;
// Keys of YAML, JSON and Python: at the head of a line, or quoted.
const inMapping =
  /(^[ \t]*(?:-[ \t]+)?\w*password[ \t]*:[ \t]+|['"]\w*password['"][ \t]*:[ \t]*)('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s'",}]+)/gim;
// SQL: CREATE ROLE … PASSWORD '…'.
const inSql = /(\bPASSWORD\s+)(?:E'(?:''|\\.|[^'\\])*'|'(?:''|[^'])*'|\$(\w*)\$[^]*?\$\2\$)/gi;

/** Replaces every password in a text: those in URLs, in libpq keywords, in SQL, and the given secret values themselves. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  return redactor(secrets)(text);
}

/** `redact` for one set of secrets, prepared once for many texts. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const known = patternOf(secrets);
  return (text) => {
    const masked = known ? text.replace(known, mask) : text;
    return masked
      .replace(inUrl, `$1${mask}@`)
      .replace(inAssignment, `$1${mask}`)
      .replace(inMapping, `$1${mask}`)
      .replace(inSql, `$1${mask}`);
  };
}

/** A value with every text in it, however deep, as `redact` has it; keys stay as they are. */
export function redactedValue<Value>(value: Value, redact: (text: string) => string): Value {
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return redact(part);
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value) as Value;
}

/** One pattern for all secrets in all the forms in which they leave: see `formsOf`, and base64 at each of its three offsets. */
function patternOf(secrets: Iterable<string>): RegExp | undefined {
  const parts = new Set<string>();
  for (const secret of secrets) {
    // Very short values would mask half of every text; they are no secrets worth the name.
    if (secret.length >= 4) parts.add(secret);
    // The lines of a key file appear one by one in a log.
    if (secret.includes('\n'))
      for (const line of secret.split(/\r?\n/)) if (line.length >= 8) parts.add(line);
  }
  if (parts.size === 0) return undefined;
  // Longest first: a secret that begins with another is masked whole.
  const sorted = [...parts].sort((a, b) => b.length - a.length);
  const written = sorted.map((secret) => (secret.match(/\\+|[^\\]/gu) ?? []).map(formsOf).join(''));
  return new RegExp([...written, ...sorted.flatMap(base64Forms)].join('|'), 'g');
}

const named: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};
const letters: Readonly<Record<string, string>> = {
  '\t': 't',
  '\n': 'n',
  '\r': 'r',
  '\f': 'f',
  '\b': 'b',
  '\v': 'v',
  '\u001b': '[eE]',
};

/** A character as it is, or as URLs, JSON, SQL, shells (quotes, backslashes, $'…'), HTML and Markdown write it; a run of backslashes as one. */
function formsOf(character: string): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  if (character.startsWith('\\')) {
    const coded = '%5[cC]|\\\\+(?:x5[cC]|0?134|u005[cC])|&#92;|&#x5[cC];';
    return `(?:(?:${coded})+|\\\\+)`;
  }
  const bytes = [...Buffer.from(character, 'utf8')];
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const point = character.codePointAt(0) ?? 0;
  const literal = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const forms = [
    bytes.map((byte) => `%${hexOf(byte, 2)}`).join(''),
    bytes.map((byte) => `\\\\+x${hexOf(byte, 2)}`).join(''),
    bytes.map((byte) => `\\\\+0?${byte.toString(8).padStart(3, '0')}`).join(''),
    units.map((unit) => `\\\\+u${hexOf(unit, 4)}`).join(''),
    `&#0*${String(point)};`,
    `&#[xX]0*${hexOf(point, 1)};`,
  ];
  if (point > 255) forms.push(`\\\\+U${hexOf(point, 8)}`);
  if (point > 127 && point < 256) forms.push(`\\\\+x${hexOf(point, 2)}`);
  const name = named[character];
  const letter = letters[character];
  if (name !== undefined) forms.push(`&${name};`);
  if (letter !== undefined) forms.push(`\\\\+${letter}`);
  if (character === ' ') forms.push('\\+');
  if (character === '\n') forms.push('\\r\\n', '\\\\+r\\\\+n');
  if (character === "'") forms.push(`'\\\\''`, `'"'"'`, `''`);
  // Whatever escapes with backslashes, once or twice.
  forms.push(`\\\\{0,4}${literal}`);
  return `(?:${forms.join('|')})`;
}

function hexOf(number: number, width: number): string {
  const text = number.toString(16).padStart(width, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** What base64 makes of a secret wherever it begins in the text, as in a header of "user:password"; short ones would be found in any base64. */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const core = whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    if (core.length < 8) return [];
    return [core.replace(/\+/g, '[+-]').replace(/\//g, '[/_]')];
  });
}
