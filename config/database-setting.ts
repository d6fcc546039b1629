import { basename } from 'node:path';
import { BootstrapError, type Place, type Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import type { Path } from './source.js';
import type { DatabaseSetting, TaskDefinition } from './workflow.js';
import { nearest } from '../lib/text/index.js';

/** Variables of libpq that say which database is meant. */
const naming = ['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGSERVICE'];

/**
 * Where the database comes from: `database`, else DATABASE_URL, else PG*. Where nothing names one: none for a workflow that needs
 * none, the embedded server for a developer, DBB4005 in CI.
 */
export function resolveDatabase(options: {
  readonly value: Json | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly tasks: ReadonlyMap<string, TaskDefinition>;
  readonly root: string;
  readonly file: string | undefined;
}): DatabaseSetting {
  const { value, env, tasks, root, file } = options;
  if (value === 'none') return { kind: 'none' };
  if (value === 'embedded') return { kind: 'embedded', name: databaseName(root) };
  if (typeof value === 'string') return { kind: 'url', url: value };
  if (isObject(value)) {
    if (typeof value.url === 'string') return { kind: 'url', url: value.url };
    if (value.embedded !== undefined) {
      const { port, name } = isObject(value.embedded) ? value.embedded : {};
      return {
        kind: 'embedded',
        name: typeof name === 'string' ? name : databaseName(root),
        ...(typeof port === 'number' ? { port } : {}),
      };
    }
    return { kind: 'url', url: urlOfParts(value) };
  }
  if (env.DATABASE_URL) return { kind: 'url', url: env.DATABASE_URL };
  if (naming.some((name) => env[name])) return { kind: 'url', url: 'postgres://' };
  if ([...tasks.values()].every((task) => !task.enabled || task.kind.database === false))
    return { kind: 'none' };
  if (!env.CI || env.CI === 'false') return { kind: 'embedded', name: databaseName(root) };
  throw new BootstrapError({
    code: 'DBB4005',
    message: 'no database is configured, and in CI none is started by itself',
    ...(file === undefined ? {} : { place: { file } }),
    help: 'set DATABASE_URL, or "database: embedded"',
  });
}

/** A text that is neither a URL nor one of the words is a mistake that shows before anything connects. */
export function checkDatabase(
  value: Json | undefined,
  placeOfValue: (path: Path) => Place,
  problems: Problem[],
): void {
  const path = isObject(value) ? ['database', 'url'] : ['database'];
  const text = isObject(value) ? value.url : value;
  const words = isObject(value) ? [] : ['embedded', 'none'];
  if (typeof text !== 'string' || text === '' || words.includes(text) || /^[a-z][a-z0-9+._-]*:/i.test(text))
    return;
  const near = nearest(text, words);
  problems.push({
    code: 'DBB4006',
    message: `the database "${text}" is no URL`,
    place: placeOfValue(path),
    help:
      near === undefined
        ? 'write postgres://user:password@host:5432/name, or "embedded"'
        : `did you mean "${near}"?`,
  });
}

/** The name of the database on the embedded server: the project's folder, for development. */
function databaseName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return `${name.slice(0, 50) || 'app'}_dev`;
}

function urlOfParts(parts: Readonly<Record<string, Json>>): string {
  const text = (key: string): string => {
    const part = parts[key];
    return typeof part === 'string' || typeof part === 'number' ? encodeURIComponent(part) : '';
  };
  const password = parts.password === undefined ? '' : `:${text('password')}`;
  const login = parts.user === undefined ? '' : `${text('user')}${password}@`;
  const port = parts.port === undefined ? '' : `:${text('port')}`;
  return `postgres://${login}${text('host')}${port}/${text('name')}`;
}
