import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { nearest, packageRoot, type Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { readConfigText } from './discover.js';
import { isObject } from './merge.js';
import { readConfigFile } from './read-file.js';
import { topLevelKeys } from './schema.js';
import { parseSource, plainSource, type Source } from './source.js';

/** The preset of a name, or undefined with the problem pushed. */
export function presetSource(name: string, askedBy: Source, problems: Problem[]): Source | undefined {
  const folder = join(packageRoot(), 'config/presets');
  const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));
  if (!names.includes(name)) {
    const near = nearest(name, names);
    problems.push({
      code: 'DBB2008',
      message: `there is no preset "${name}"`,
      place: askedBy.place(['preset'], 'value'),
      help: near === undefined ? `use one of ${names.join(', ')}` : `did you mean "${near}"?`,
    });
    return undefined;
  }
  const file = join(folder, `${name}.yaml`);
  return parseSource(`preset ${name}`, readConfigText(file, file), problems);
}

/** The configs that a config extends, weakest first, each with what it extends itself before it. */
export async function extendedSources(
  source: Source,
  file: string,
  cwd: string,
  problems: Problem[],
  chain: readonly string[] = [file],
): Promise<Source[]> {
  const wanted = isObject(source.data) ? source.data.extends : undefined;
  if (wanted === undefined) return [];
  const list: readonly Json[] = Array.isArray(wanted) ? (wanted as readonly Json[]) : [wanted];
  const sources: Source[] = [];
  for (const [index, name] of list.entries()) {
    if (typeof name !== 'string') continue;
    const place = source.place(Array.isArray(wanted) ? ['extends', index] : ['extends'], 'value');
    const path = locate(name, dirname(file));
    if (path === undefined) {
      problems.push({
        code: 'DBB2014',
        message: `"${name}", which this config extends, does not exist`,
        place,
        help: 'name a file relative to this one, or an installed package',
      });
      continue;
    }
    if (chain.includes(path)) {
      problems.push({
        code: 'DBB2019',
        message: `extends goes round in a circle: ${[...chain, path].map((each) => relativeTo(cwd, each)).join(' → ')}`,
        place,
        help: 'take one of them out',
      });
      continue;
    }
    const extended = await readConfigFile(path, cwd, problems);
    if (!extended) continue;
    sources.push(...(await extendedSources(extended, path, cwd, problems, [...chain, path])), extended);
  }
  return sources;
}

function relativeTo(cwd: string, path: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

function locate(name: string, folder: string): string | undefined {
  if (/^\.{0,2}\//.test(name) || existsSync(resolve(folder, name))) {
    const path = resolve(folder, name);
    return existsSync(path) ? path : undefined;
  }
  try {
    return createRequire(join(folder, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}

/** The overrides of a profile, with the places of the config that declares it. */
export function profileSource(
  name: string,
  configs: readonly Source[],
  problems: Problem[],
  asked: string,
): Source[] {
  const having = configs.filter(
    ({ data }) => isObject(data) && isObject(data.profiles) && isObject(data.profiles[name]),
  );
  if (having.length === 0) {
    const names = configs.flatMap(({ data }) =>
      isObject(data) && isObject(data.profiles) ? Object.keys(data.profiles) : [],
    );
    const near = nearest(name, names);
    problems.push({
      code: 'DBB2009',
      message: `there is no profile "${name}"`,
      place: { file: asked },
      help:
        near !== undefined
          ? `did you mean "${near}"?`
          : names.length > 0
            ? `use one of ${names.join(', ')}`
            : 'the config declares no profiles',
    });
  }
  return having.map((source) => {
    const { profiles } = source.data as { profiles: Record<string, Json> };
    return {
      label: `profile ${name}`,
      data: profiles[name] ?? {},
      place: (path, part) => source.place(['profiles', name, ...path], part),
    };
  });
}

const reserved = /^DB_BOOTSTRAP_(?:RUN|RESULT|PROFILE|CONFIG|TEST_.*)$/;

/** `DB_BOOTSTRAP_TASKS__SEED__TIMEOUT=2m` and its like: double underscores nest, words in capitals become camelCase names of keys. */
export function environmentSources(env: NodeJS.ProcessEnv, known: Json, problems: Problem[]): Source[] {
  const sources: Source[] = [];
  for (const [variable, text = ''] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith('DB_BOOTSTRAP_') || reserved.test(variable)) continue;
    const path: string[] = [];
    let around: Json | undefined = known;
    for (const word of variable.slice('DB_BOOTSTRAP_'.length).split('__')) {
      const keys: readonly string[] =
        path.length === 0 ? topLevelKeys : isObject(around) ? Object.keys(around) : [];
      const key = keys.find((each) => flat(each) === flat(word)) ?? camelCase(word);
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
    if (path.length > 0) sources.push(plainSource(variable, nested(path, scalar(text))));
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
    return [plainSource(`--set ${path.join('.')}`, nested(path, scalar(entry.slice(equals + 1))))];
  });
}

function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

/** A value as YAML reads it; a text that is no YAML is itself. */
function scalar(text: string): Json {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  try {
    return (parse(text) as Json | undefined) ?? '';
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
