import type { Json } from './define.js';
import { isObject } from './merge.js';
import type { DatabaseSetting } from './workflow.js';

const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)|_KEY$|^PGPASSWORD$|SECRET_KEY/i;
const urlPassword = /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s/]*)@/i;

/** Whether the value of such a key or variable is a secret, whatever it is. */
export function holdsSecret(key: string): boolean {
  return secretName.test(key) || key === 'password';
}

/** Values that may stand in no output: passwords in URLs, and what variables with telling names hold. */
export function secretsOf(
  data: Json,
  env: Readonly<Record<string, string>>,
  database: DatabaseSetting,
): readonly string[] {
  const secrets = new Set<string>();
  const add = (text: string | undefined): void => {
    if (text !== undefined && text !== '') secrets.add(text);
  };
  const ofUrl = (text: string): void => {
    const password = urlPassword.exec(text)?.[1];
    add(password);
    if (password !== undefined) add(decoded(password));
  };
  const visit = (value: Json, key: string): void => {
    if (typeof value === 'string') {
      ofUrl(value);
      if (holdsSecret(key)) add(value);
    } else if (Array.isArray(value)) (value as Json[]).forEach((item) => visit(item, ''));
    else if (isObject(value)) for (const [name, item] of Object.entries(value)) visit(item, name);
  };
  visit(data, '');
  for (const [name, value] of Object.entries(env)) visit(value, name);
  if (database.kind === 'url') ofUrl(database.url);
  const names = [
    env.PGUSER,
    env.PGDATABASE,
    env.PGHOST,
    ...(database.kind === 'url' ? namesIn(database.url) : []),
  ];
  return worthMasking([...secrets], names).filter((secret) => secret.length >= 4);
}

/**
 * Without the secrets that are the name of the role, the database or the host too, as they often are in development and CI. Such a word
 * keeps no secret, and masking it everywhere would take the subject out of every message: the database "***" does not exist. Where it
 * stands as a password (in a URL, behind PASSWORD) it is masked all the same.
 */
export function worthMasking(
  secrets: readonly string[],
  names: readonly (string | undefined)[],
): readonly string[] {
  // The scheme of every URL, and the superuser of every server.
  const known = new Set([...names, 'postgres', 'postgresql']);
  return secrets.filter((secret) => !known.has(secret));
}

const namesOfUrl =
  /^[a-z][a-z0-9+.-]*:\/\/(?:([^\s:/@]*)(?::[^\s/]*)?@)?([^\s:/?@]*)(?::\d+)?(?:\/([^\s?#]*))?/i;

function namesIn(url: string): readonly (string | undefined)[] {
  return (namesOfUrl.exec(url) ?? []).slice(1).map((name: string | undefined) => decoded(name ?? ''));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
