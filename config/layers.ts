import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { BootstrapError, packageRoot, type Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { problemsOfIssues } from './issues.js';
import { isObject } from './merge.js';
import { readConfigFile, type Reading } from './read-file.js';
import { configShape } from './schema.js';
import { parseSource, type Source } from './source.js';
import { readConfigText, unreadableReason } from './text-file.js';
import { nearest } from '../lib/text/index.js';

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
  const source = presets.get(name) ?? readPreset(name, join(folder, `${name}.yaml`), problems);
  if (source) presets.set(name, source);
  return source;
}

/** Where all is joined into one file, what each preset says is in it, as JSON. */
declare const PRESETS: string | undefined;

/** Those that were read: a config's layers are looked at more than once. */
const presets = new Map<string, Source>();

function readPreset(name: string, file: string, problems: Problem[]): Source | undefined {
  const label = `preset ${name}`;
  const parse = (): Source | undefined => parseSource(label, readConfigText(file, file), problems);
  const data =
    typeof PRESETS === 'undefined' ? undefined : (JSON.parse(PRESETS) as Record<string, Json>)[name];
  if (data === undefined) return parse();
  let parsed: Source | undefined;
  return {
    label,
    data,
    place: (path, part) => (parsed ??= parse())?.place(path, part) ?? { file: label },
  };
}

/** The configs that a config extends, weakest first, each with what it extends itself before it. */
export async function extendedSources(
  source: Source,
  file: string,
  reading: Reading,
  chain: readonly string[] = [file],
): Promise<Source[]> {
  const { cwd, problems } = reading;
  const wanted = isObject(source.data) ? source.data.extends : undefined;
  if (wanted === undefined || wanted === null) return [];
  // That of the config itself is checked with all that is merged; this one is not among it.
  if (chain.length > 1) {
    const issues = configShape.safeParse({ extends: wanted }, { reportInput: true }).error?.issues ?? [];
    problems.push(...problemsOfIssues(issues, [], (...at) => source.place(...at), configShape));
  }
  const list: readonly Json[] = Array.isArray(wanted) ? (wanted as readonly Json[]) : [wanted];
  const sources: Source[] = [];
  for (const [index, name] of list.entries()) {
    if (typeof name !== 'string') continue;
    const place = source.place(Array.isArray(wanted) ? ['extends', index] : ['extends'], 'value');
    const path = locate(name, dirname(file));
    const fault = path === undefined ? 'does not exist' : unreadableFault(path);
    if (path === undefined || fault !== undefined) {
      problems.push({
        code: 'DBB2014',
        message: `"${name}", which this config extends, ${fault ?? ''}`,
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
    const extended = await readConfigFile(path, reading).catch((error: unknown) => {
      if (!(error instanceof BootstrapError)) throw error;
      problems.push(...error.problems);
      return undefined;
    });
    if (!extended) continue;
    sources.push(...(await extendedSources(extended, path, reading, [...chain, path])), extended);
  }
  return sources;
}

function relativeTo(cwd: string, path: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** What keeps a file that is there from being read; undefined where nothing does. */
function unreadableFault(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a folder';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `could not be read: ${unreadableReason(error)}`;
  }
}

function locate(name: string, folder: string): string | undefined {
  if (name === '') return undefined;
  if (/^\.{0,2}\//.test(name) || existsSync(resolve(folder, name))) {
    const path = resolve(folder, name);
    return existsSync(path) ? path : undefined;
  }
  try {
    const path = createRequire(join(folder, 'package.json')).resolve(name);
    // Modules of Node's own have no file.
    return isAbsolute(path) ? path : undefined;
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
  return having.flatMap(profilesOf).filter(({ label }) => label === `profile ${name}`);
}

/** The profiles that a config declares, each with the places it has there. */
export function profilesOf(source: Source): Source[] {
  const profiles = isObject(source.data) ? source.data.profiles : undefined;
  if (!isObject(profiles)) return [];
  return Object.entries(profiles).map(([name, data]) => ({
    label: `profile ${name}`,
    data,
    ...(source.folder === undefined ? {} : { folder: source.folder }),
    place: (path, part) => source.place(['profiles', name, ...path], part),
  }));
}
