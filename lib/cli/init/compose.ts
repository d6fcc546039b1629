import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import { fileText } from '../../errors/index.js';
import type { ComposeService } from './facts.js';
import type { Found } from './walk.js';

const target = '/docker-entrypoint-initdb.d';

/** The PostgreSQL services of all compose files, and the folders of init scripts that services of other images mount. Ignores files that are not valid YAML. */
export function findServices(
  root: string,
  found: readonly Found[],
): { readonly services: readonly ComposeService[]; readonly foreign: readonly string[] } {
  const files = found.filter(
    ({ name, folder }) => !folder && /^(docker-)?compose([.-].+)?\.ya?ml$/.test(name),
  );
  if (files.length === 0) return { services: [], foreign: [] };
  const all = files.flatMap(({ path }) => {
    const document = parseDocument(fileText(join(root, path)) ?? '', { merge: true });
    const services = document.errors.length > 0 ? {} : record(record(valueOf(document)).services);
    return Object.entries(services).map(([name, service]) => serviceOf(root, path, name, record(service)));
  });
  const isPostgres = ({ image }: ComposeService): boolean =>
    /(^|\/)(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|postgres-\w+)(:|@|$)/.test(image);
  // A service without an image is built from a Dockerfile, which may extend PostgreSQL's image.
  const others = all.filter((service) => service.image !== '' && !isPostgres(service));
  return { services: all.filter(isPostgres), foreign: others.flatMap(({ initFolders }) => initFolders) };
}

/** Undefined if an alias has no anchor, or if aliases expand to more than the parser's limit. */
function valueOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

function serviceOf(
  root: string,
  file: string,
  name: string,
  service: Record<string, unknown>,
): ComposeService {
  const image = typeof service.image === 'string' ? withDefaults(service.image) : '';
  const environment = environmentOf(service.environment);
  const mounts = mountsOf(root, posix.dirname(file), service.volumes);
  return {
    file,
    name,
    image,
    port: portOf(service.ports),
    user: environment.POSTGRES_USER,
    database: environment.POSTGRES_DB ?? environment.POSTGRES_USER,
    initFolders: mounts.filter(({ to, folder }) => to === target && folder).map(({ from }) => from),
    initFiles: mounts.filter(({ to }) => to.startsWith(`${target}/`)).map(({ from }) => from),
  };
}

function environmentOf(environment: unknown): Record<string, string | undefined> {
  const pairs: [string, unknown][] = Array.isArray(environment)
    ? environment.map((each: unknown) => {
        const [name = '', ...value] = String(each).split('=');
        return [name, value.join('=')];
      })
    : Object.entries(record(environment));
  return Object.fromEntries(
    pairs.flatMap(([name, value]): [string, string][] => {
      const text = typeof value === 'string' || typeof value === 'number' ? withDefaults(String(value)) : '';
      return text === '' || text.includes('$') ? [] : [[name, text]];
    }),
  );
}

/** "127.0.0.1:5433:5432", "5433:5432", { published, target }: the port on this machine. */
function portOf(ports: unknown): number | undefined {
  for (const port of Array.isArray(ports) ? (ports as unknown[]) : []) {
    if (typeof port === 'string') {
      const parts = withDefaults(port)
        .replace(/\/\w+$/, '')
        .split(':');
      if (parts.length > 1 && parts[parts.length - 1] === '5432')
        return Number(parts[parts.length - 2]) || undefined;
    } else {
      const { published, target: inside } = record(port);
      if (Number(inside) === 5432 && published !== undefined) return Number(published) || undefined;
    }
  }
  return undefined;
}

function mountsOf(
  root: string,
  folder: string,
  volumes: unknown,
): { from: string; to: string; folder: boolean }[] {
  return (Array.isArray(volumes) ? (volumes as unknown[]) : []).flatMap((volume) => {
    const [source, to] =
      typeof volume === 'string'
        ? withDefaults(volume).split(':')
        : [record(volume).source, record(volume).target];
    if (typeof source !== 'string' || typeof to !== 'string' || !to.startsWith(target)) return [];
    if (source.startsWith('/') || source.startsWith('~')) return [];
    const from = posix.normalize(posix.join(folder, source)).replace(/\/$/, '');
    const stat = statSync(join(root, from), { throwIfNoEntry: false });
    return stat ? [{ from, to: to.replace(/\/$/, ''), folder: stat.isDirectory() }] : [];
  });
}

/** Compose's own substitution, with nothing set: "${PORT:-5432}" is "5432". */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:?-([^}]*)\}/g, '$1');
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
