import type { Problem } from '../lib/errors/index.js';
import { findConfig, givenConfig, noConfig } from './discover.js';
import { extendedSources, presetSource, profileSource, profilesOf } from './layers.js';
import type { LoadOptions } from './load-workflow.js';
import { mergeSources, sourceOf } from './merge.js';
import { environmentSources, flagSources, setSources } from './overrides.js';
import { readConfigFile, type Reading } from './read-file.js';
import type { Source } from './source.js';

/** The layers of a config but for the defaults, weakest first. */
export interface Layers {
  readonly sources: readonly Source[];
  /** False where a layer is missing, which is a problem already. */
  readonly complete: boolean;
  /** The profiles of every config file, chosen or not. */
  readonly profiles: readonly Source[];
}

/** The config file that holds: the named one, else the one found. Throws DBB2001 where there is none and no preset stands in for it. */
export function configFile({ cwd, env, file, set = [] }: LoadOptions): string | undefined {
  if (file !== undefined) return givenConfig(file, cwd, '--config');
  if (env.DB_BOOTSTRAP_CONFIG) return givenConfig(env.DB_BOOTSTRAP_CONFIG, cwd, 'DB_BOOTSTRAP_CONFIG');
  const found = findConfig(cwd);
  if (found !== undefined || set.some((entry) => entry.startsWith('preset='))) return found;
  throw noConfig(cwd);
}

/** Reads all layers. Undefined where the config file itself cannot be read. */
export async function collectLayers(
  options: LoadOptions,
  file: string | undefined,
  reading: Reading,
): Promise<Layers | undefined> {
  const { env, set = [], flags = {} } = options;
  const { problems } = reading;
  const own = file === undefined ? undefined : await readConfigFile(file, reading);
  if (file !== undefined && !own) return undefined;
  const before = problems.length;
  const extended = own && file !== undefined ? await extendedSources(own, file, reading) : [];
  const configs = [...extended, ...(own ? [own] : [])];
  const name = options.profile ?? (env.DB_BOOTSTRAP_PROFILE || undefined);
  const asked = options.profile === undefined ? 'DB_BOOTSTRAP_PROFILE' : '--profile';
  const profile = name === undefined ? [] : profileSource(name, configs, problems, asked);
  const below = [...configs, ...profile];
  // The names of the preset's tasks tell which key a variable means: TASKS__TENANT_MIGRATIONS is "tenant-migrations".
  const known = [presetOf([...below, ...setSources(set, [])], []), ...below].flatMap((each) => each ?? []);
  const wrong: Problem[] = [];
  const overrides = [...environmentSources(env, mergeSources(known).data, wrong), ...flagSources(flags)];
  const above = [...below, ...overrides, ...setSources(set, wrong)];
  const preset = presetOf(above, problems);
  const complete = problems.length === before;
  problems.push(...wrong);
  return {
    sources: [...(preset ? [preset] : []), ...above],
    complete,
    profiles: configs.flatMap(profilesOf),
  };
}

function presetOf(sources: readonly Source[], problems: Problem[]): Source | undefined {
  const merged = mergeSources(sources);
  const asking = sourceOf(merged, ['preset']);
  const { preset } = merged.data;
  return typeof preset === 'string' && asking ? presetSource(preset, asking, problems) : undefined;
}
