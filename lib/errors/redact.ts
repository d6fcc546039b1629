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

/** One pattern for all secrets in all their forms: as they are, percent-encoded, and escaped as in JSON or SQL. */
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
  return new RegExp(sorted.map((secret) => Array.from(secret, formsOf).join('')).join('|'), 'g');
}

function formsOf(character: string): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  const hex = [...Buffer.from(character, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
  const encoded = hex.map(
    (pair) => `%${pair.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`,
  );
  const literal = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const forms = [encoded.join(''), literal];
  if (character === ' ') forms.push('\\+');
  if (character === "'") forms.unshift("''", "\\\\'");
  if (character === '"' || character === '\\') forms.unshift(`\\\\${literal}`);
  if (character === '\n') forms.push('\\\\n', '\\r\\n');
  return `(?:${forms.join('|')})`;
}
