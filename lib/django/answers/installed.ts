import { join } from 'node:path';
import { contentOf, namesIn } from './files.js';

/**
 * What is installed in a folder of packages, by label: each distribution's list of files, which has their hashes, what leads to
 * folders elsewhere, and the migrations, which a command may have added since.
 */
export function installedIn(folder: string): readonly (readonly [string, Buffer | string])[] {
  const names = namesIn(folder);
  const found: [string, Buffer | string][] = [['names', names.join('\n')]];
  for (const name of names.filter((each) => /\.(?:dist-info|egg-info|pth|egg-link)$/.test(each))) {
    if (!name.endsWith('.dist-info')) {
      found.push([name, contentOf(join(folder, name))]);
      continue;
    }
    const record = contentOf(join(folder, name, 'RECORD'));
    found.push([name, record]);
    for (const [, path = ''] of String(record).matchAll(/^"?([^,\n]*\/migrations)\/__init__\.py/gm))
      found.push(...migrationsIn(join(folder, path)));
  }
  return found;
}

function migrationsIn(folder: string): [string, Buffer | string][] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.py'))
    .map((name) => [name, contentOf(join(folder, name))]);
}
