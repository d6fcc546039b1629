import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { searchPlaces } from '../../../config/index.js';
import { fileText } from '../../errors/index.js';
import { findServices } from './compose.js';
import { findDjango } from './django.js';
import type { RepositoryFacts } from './facts.js';
import { walk, type Found } from './walk.js';

/** Looks at a repository: what it has that a config must know. Reads files only, three folders deep; starts nothing. */
export function inspectRepository(root: string): RepositoryFacts {
  const found = walk(root, 3);
  const [django, ...others] = findDjango(root, found);
  const { services, foreign } = findServices(root, found);
  const named = found
    .filter(
      ({ name, path, folder }) => folder && name === 'docker-entrypoint-initdb.d' && !foreign.includes(path),
    )
    .map(({ path }) => path);
  const initFolders = [...new Set([...services.flatMap((service) => service.initFolders), ...named])];
  return {
    root,
    django,
    otherProjects: others.map(({ managePy }) => managePy),
    initFolders,
    services,
    envFiles: found.filter(isEnvFile).map(({ path }) => path),
    configs: existingConfigs(root),
  };
}

function isEnvFile({ path, name, folder }: Found): boolean {
  return !folder && name === '.env' && path.split('/').length <= 2;
}

/** Every file that the command would take for a config. */
function existingConfigs(root: string): string[] {
  const files = searchPlaces.filter((name) => name !== 'package.json' && existsSync(join(root, name)));
  return hasPackageKey(root) ? [...files, 'package.json'] : files;
}

function hasPackageKey(root: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(fileText(join(root, 'package.json')) ?? '{}') as object, 'bootstrap');
  } catch {
    return false;
  }
}
