const mask = '***';

/** Replaces every password in a text: those in URLs, in libpq keywords, and the given secret values themselves. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let result = text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:)[^\s@'"]*@/gi, `$1${mask}@`)
    .replace(/(\b(?:PG)?PASSWORD\s*=\s*)('[^']*'|"[^"]*"|[^\s'"]+)/gi, `$1${mask}`);
  for (const secret of secrets) {
    // Very short values would mask half of every text; they are no secrets worth the name.
    if (secret.length >= 4) result = result.replaceAll(secret, mask);
  }
  return result;
}
