import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileText } from '../../errors/index.js';
import { connectionOf } from './connection.js';
import type { DjangoFacts, Evidence } from './facts.js';
import type { Found } from './walk.js';

/** The Django projects of a repository, nearest first: one per manage.py that names Django. */
export function findDjango(root: string, found: readonly Found[]): DjangoFacts[] {
  return found
    .filter(({ name, folder }) => name === 'manage.py' && !folder)
    .filter(({ path }) => /django/i.test(read(root, path)))
    .map(({ path }) => projectOf(root, path, found));
}

function projectOf(root: string, managePy: string, found: readonly Found[]): DjangoFacts {
  const directory = dirname(managePy);
  const settings = /['"]DJANGO_SETTINGS_MODULE['"]\s*(?:,|\]\s*=)\s*['"]([\w.]+)['"]/.exec(
    read(root, managePy),
  )?.[1];
  const files = settings === undefined ? [] : settingsFiles(root, { directory, module: settings, found });
  const texts = files.map(({ file }) => ({ file, text: read(root, file) }));
  const wholes = texts.map(({ text }) => text).join('\n');
  return {
    managePy,
    directory,
    settings,
    settingsModules: files.map(({ module }) => module),
    tenancy:
      firstMention(texts, /['"]django_tenants['"]|django_tenants\.postgresql_backend/) ??
      inRequirements(root, directory, found),
    tenantModel: /^TENANT_MODEL\s*=\s*['"]([\w.]+)['"]/m.exec(wholes)?.[1],
    connection: connectionOf(texts),
  };
}

/** The file of the default settings first, then the others of its package, which may stand outside of the folder of manage.py. */
function settingsFiles(
  root: string,
  { directory, module, found }: { directory: string; module: string; found: readonly Found[] },
): { module: string; file: string }[] {
  const path = module.split('.').join('/');
  const bases = [
    join(directory, path),
    ...found.map((each) => each.path.replace(/(?:\/__init__)?\.py$/, '')),
  ];
  const filesOf = (base: string): readonly string[] =>
    [`${base}.py`, join(base, '__init__.py')].filter((file) => existsSync(join(root, file)));
  const base = bases.find((each) => `/${each}`.endsWith(`/${path}`) && filesOf(each).length > 0) ?? '';
  const [own] = filesOf(base);
  if (own === undefined) return [];
  const parent = existsSync(join(root, base)) ? base : dirname(base);
  const parentModule = existsSync(join(root, base)) ? module : module.split('.').slice(0, -1).join('.');
  const isPackage = /(^|\/)(settings|config|conf)$/.test(parent) || existsSync(join(root, base));
  const others = isPackage
    ? readdirSync(join(root, parent))
        .filter((name) => /^[A-Za-z]\w*\.py$/.test(name))
        .sort()
        .map((name) => ({ module: `${parentModule}.${name.slice(0, -3)}`, file: `${parent}/${name}` }))
        .filter(({ file }) => file !== own && !/\/(urls|wsgi|asgi|celery)\.py$/.test(file))
    : [];
  return [{ module, file: own }, ...others];
}

/** Requirements, lock files and project files beside manage.py or at the root. */
function inRequirements(root: string, directory: string, found: readonly Found[]): Evidence | undefined {
  const names = /^(requirements.*\.(txt|in)|pyproject\.toml|Pipfile|setup\.(cfg|py))$/;
  const files = found.filter(({ path, name, folder }) => {
    const at = dirname(path);
    return (
      !folder &&
      (names.test(name) || /(^|\/)requirements\/[\w.-]+\.(txt|in)$/.test(path)) &&
      (at === '.' || at.startsWith(directory) || directory === '.')
    );
  });
  return firstMention(
    files.map(({ path }) => ({ file: path, text: read(root, path) })),
    /^\s*['"]?django[-_]tenants\b/im,
  );
}

function firstMention(
  texts: readonly { file: string; text: string }[],
  pattern: RegExp,
): Evidence | undefined {
  for (const { file, text } of texts) {
    const line = text.split('\n').findIndex((each) => pattern.test(each) && !/^\s*#/.test(each));
    if (line >= 0) return { file, line: line + 1 };
  }
  return undefined;
}

function read(root: string, path: string): string {
  return fileText(join(root, path)) ?? '';
}
