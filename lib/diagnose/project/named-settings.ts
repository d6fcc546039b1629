import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileText } from '../../errors/index.js';
import type { Evidence } from '../evidence.js';

/** A settings module that a file of the project names. */
export interface NamedSettings {
  readonly module: string;
  /** "file:line", from the root. */
  readonly by: string;
}

/** Files that say with which settings Django is started. */
const starters =
  /^(?:manage\.py|(?:pytest|tox)\.ini|setup\.cfg|pyproject\.toml|Procfile|Makefile|Dockerfile.*|(?:docker-)?compose.*\.ya?ml|\.gitlab-ci\.ya?ml|\.bootstraprc.*|bootstrap\.config\..*)$/;

const names = [
  /DJANGO_SETTINGS_MODULE[^\w\n)${#]{1,8}([A-Za-z_]\w*(?:\.\w+)*)/g,
  /--(?:settings|ds)[= ]["']?([A-Za-z_]\w*(?:\.\w+)*)/g,
];
/** How a config of ours names them. */
const inConfig = /^\s*["']?settings["']?:\s*["']?([A-Za-z_]\w*(?:\.\w+)*)/g;

/** The settings modules that manage.py, wsgi.py, asgi.py, the CI files and the config name, each once. */
export function namedSettings(evidence: Evidence): readonly NamedSettings[] {
  const found = new Map<string, NamedSettings>();
  for (const path of filesOf(evidence)) {
    const patterns = /bootstrap/.test(path) ? [...names, inConfig] : names;
    for (const [index, line] of (fileText(path) ?? '').split(/\r?\n/).entries()) {
      if (/^\s*#/.test(line)) continue;
      for (const [, module = ''] of patterns.flatMap((pattern) => [...line.matchAll(pattern)]))
        if (/\.|settings/.test(module) && !found.has(module))
          found.set(module, { module, by: `${relative(evidence.root, path)}:${String(index + 1)}` });
    }
  }
  return [...found.values()];
}

function filesOf({ root, projectDirectory = root, workflowFiles }: Evidence): readonly string[] {
  const folders = [...new Set([projectDirectory, root])];
  const packages = entriesOf(projectDirectory).map((name) => join(projectDirectory, name));
  return [
    ...folders.flatMap((folder) =>
      entriesOf(folder)
        .filter((name) => starters.test(name))
        .map((name) => join(folder, name)),
    ),
    ...packages.flatMap((folder) => ['wsgi.py', 'asgi.py'].map((name) => join(folder, name))),
    ...workflowFiles,
  ];
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
