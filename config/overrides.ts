import { parseDocument } from 'yaml';
import { type Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { isObject } from './merge.js';
import { topLevelKeys } from './schema.js';
import { jsonOf, plainSource, yamlOptions, type Source } from './source.js';
import { nearest } from '../lib/text/index.js';

/** Not keys of the config: what chooses it, and what db-bootstrap tells its children. */
const reserved = /^DB_BOOTSTRAP_(?:RUN|RESULT|PROFILE|CONFIG|TEST_.*)$/;

/** `DB_BOOTSTRAP_TASKS__SEED__TIMEOUT=2m` and its like: double underscores nest, words in capitals become camelCase names of keys. */
export function environmentSources(env: NodeJS.ProcessEnv, known: Json, problems: Problem[]): Source[] {
  const sources: Source[] = [];
  for (const [variable, text = ''] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith('DB_BOOTSTRAP_') || reserved.test(variable) || text === '') continue;
    const path: string[] = [];
    let around: Json | undefined = known;
    for (const word of variable.slice('DB_BOOTSTRAP_'.length).split('__')) {
      const keys: readonly string[] =
        path.length === 0 ? topLevelKeys : isObject(around) ? Object.keys(around) : [];
      // Variables keep their capitals: DB_BOOTSTRAP_ENV__LANG sets env.LANG.
      const own = path.at(-1) === 'env' ? word : camelCase(word);
      const key = keys.find((each) => flat(each) === flat(word)) ?? own;
      if (path.length === 0 && !keys.includes(key)) {
        const near = nearest(key, keys);
        problems.push({
          code: 'DBB2003',
          message: `the variable "${variable}" names no key of the config`,
          place: { file: variable },
          help:
            near === undefined
              ? 'unset it: DB_BOOTSTRAP_ is reserved for keys of the config'
              : `did you mean "DB_BOOTSTRAP_${near.replace(/[A-Z]/g, '_$&').toUpperCase()}"?`,
        });
        break;
      }
      path.push(key);
      around = isObject(around) ? around[key] : undefined;
    }
    if (isOverridable(path, variable, problems))
      sources.push(plainSource(variable, nested(path, valueOf(path, text))));
  }
  return sources;
}

/** `--set tasks.flush.enabled=true`: a dotted path, then a value in YAML. */
export function setSources(set: readonly string[], problems: Problem[]): Source[] {
  return set.flatMap((entry) => {
    const equals = entry.indexOf('=');
    const path = entry.slice(0, equals).split('.');
    if (equals <= 0 || path.some((key) => key === '')) {
      problems.push({
        code: 'DBB1003',
        message: `"${entry}" is not key=value`,
        place: { file: '--set' },
        help: 'write it like --set tasks.flush.enabled=true',
      });
      return [];
    }
    const label = `--set ${path.join('.')}`;
    if (!isOverridable(path, label, problems)) return [];
    return [plainSource(label, nested(path, valueOf(path, entry.slice(equals + 1))))];
  });
}

/** Flags of the command that set keys. */
export function flagSources(flags: Readonly<Record<string, string | undefined>>): Source[] {
  return Object.entries(flags).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return [
      plainSource(flag, { [key]: key === 'concurrency' && /^\d+$/.test(value) ? Number(value) : value }),
    ];
  });
}

/** The layers below are chosen before overrides are read: what would change them is refused, not ignored. */
function isOverridable([first]: readonly string[], file: string, problems: Problem[]): boolean {
  if (first !== 'extends' && first !== 'profiles') return first !== undefined;
  problems.push({
    code: 'DBB1003',
    message: `"${first}" can stand in a config file only`,
    place: { file },
    help: 'write it there',
  });
  return false;
}

function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

/** What overrides a key; the value of a variable stays what was written, but for its quotes. */
function valueOf(path: readonly string[], text: string): Json {
  const value = scalar(text);
  const isVariable = path.at(-2) === 'env' && (path.length === 2 || path.at(-4) === 'tasks');
  return isVariable && value !== null && typeof value !== 'object' && typeof value !== 'string'
    ? text
    : value;
}

/** A value as YAML reads it: numbers, true, false, null, lists and mappings in brackets, texts in quotes; anything else is a text as it is. */
function scalar(text: string): Json {
  if (text.trim() === '') return '';
  try {
    const document = parseDocument(text, { ...yamlOptions, uniqueKeys: true });
    if (document.errors.length > 0 || document.warnings.length > 0) return text;
    const value = jsonOf(document.toJS());
    const isMarked = /^\s*["'[{]/.test(text);
    return isMarked || value === null || ['number', 'boolean'].includes(typeof value) ? value : text;
  } catch {
    return text;
  }
}

function flat(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '');
}

function camelCase(words: string): string {
  return words.toLowerCase().replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}
