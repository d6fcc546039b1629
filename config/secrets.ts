import type { Json } from './define.js';
import { isObject } from './merge.js';
import type { DatabaseSetting } from './workflow.js';

const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)|_KEY$|^PGPASSWORD$|SECRET_KEY/i;
const urlPassword = /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s/]*)@/i;

/** Values that may stand in no output: passwords in URLs, and what variables with telling names hold. */
export function secretsOf(
  data: Json,
  env: Readonly<Record<string, string>>,
  database: DatabaseSetting,
): string[] {
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
      if (secretName.test(key) || key === 'password') add(value);
    } else if (Array.isArray(value)) (value as Json[]).forEach((item) => visit(item, ''));
    else if (isObject(value)) for (const [name, item] of Object.entries(value)) visit(item, name);
  };
  visit(data, '');
  for (const [name, value] of Object.entries(env)) visit(value, name);
  if (database.kind === 'url') ofUrl(database.url);
  // The name of the role is often the password too in development; masking such a word would mask half of every message.
  return [...secrets].filter((secret) => secret.length >= 4);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
