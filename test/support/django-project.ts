import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { examine, type Evidence, type Examination, type Rule } from '../../lib/diagnose/index.js';
import { createHostService, type HostService } from '../../lib/django/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { plainFiles, tenantFiles, typedFiles } from './django-project-files.js';
import { pythonOf, type pythonSets } from './python.js';

/** A healthy project: without tenants, with tenants, with tenants of several types. */
export type Kind = 'plain' | 'tenants' | 'types';

/** The files of a project that is about to be written, to which one fault may be applied. */
export class ProjectFiles {
  readonly #files: Map<string, string>;

  constructor(kind: Kind) {
    const files = { plain: plainFiles, tenants: tenantFiles, types: typedFiles }[kind];
    this.#files = new Map(Object.entries(files));
  }

  /** Replaces a text, which has to be there once. */
  edit(path: string, from: string, to: string): this {
    const text = this.#files.get(path);
    assert.equal(text?.split(from).length, 2, `"${from}" stands once in ${path}`);
    return this.write(
      path,
      text.replace(from, () => to),
    );
  }

  append(path: string, text: string): this {
    assert.ok(this.#files.has(path), path);
    return this.write(path, `${this.#files.get(path) ?? ''}${text}`);
  }

  write(path: string, text: string): this {
    this.#files.set(path, text);
    return this;
  }

  move(path: string, to: string): this {
    const text = this.#files.get(path);
    assert.ok(text !== undefined, path);
    return this.remove(path).write(to, text);
  }

  remove(path: string): this {
    assert.ok(this.#files.delete(path), path);
    return this;
  }

  save(folder: string): void {
    for (const [path, text] of this.#files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }
}

/** What a test says about a project beside its fault. */
export interface ProjectOptions {
  readonly kind?: Kind;
  readonly set?: keyof typeof pythonSets;
  /** The folder below the root that holds manage.py. */
  readonly folder?: string;
  readonly python?: string;
  readonly settings?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More, or other evidence. */
  readonly evidence?: (root: string) => Promise<Partial<Evidence>>;
}

// Nobody listens there: what reaches for the database fails.
const unreachable = 'postgres://shop:secret-password@127.0.0.1:1/shop_test';

/** Writes a project with one fault and applies rules to it, through a real host whose database cannot be reached. */
export async function examineProject(
  rules: readonly Rule[],
  fault: (files: ProjectFiles) => unknown,
  options: ProjectOptions = {},
): Promise<Examination> {
  const { kind = 'tenants', folder = '' } = options;
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'dbb-project-')));
  const files = new ProjectFiles(kind);
  fault(files);
  files.save(join(root, folder));
  try {
    return await examineFolder(rules, root, options);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Applies rules to a project as it lies in a folder. */
export async function examineFolder(
  rules: readonly Rule[],
  root: string,
  options: Omit<ProjectOptions, 'kind'> = {},
): Promise<Examination> {
  const { set = 'new', folder = '', settings } = options;
  const directory = join(root, folder);
  const python = options.python ?? (await pythonOf(set));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    DATABASE_URL: unreachable,
    PYTHONDONTWRITEBYTECODE: '1',
    ...options.env,
  };
  const service = createHostService({
    django: { directory, python, ...(settings === undefined ? {} : { settings }) },
    root,
    runId: 'test',
    grace: 2000,
  });
  try {
    return await examine(
      evidenceOf({ root, directory, env, service, more: await options.evidence?.(root) }),
      rules,
    );
  } finally {
    await service.close();
  }
}

function evidenceOf(project: {
  readonly root: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly service: HostService;
  readonly more: Partial<Evidence> | undefined;
}): Evidence {
  const { root, directory, env, service, more } = project;
  const connection = resolveConnection(env.DATABASE_URL ?? unreachable, {});
  const signal = new AbortController().signal;
  const host = service.forTask({
    name: 'doctor',
    signal,
    log: { output: () => undefined },
    env,
    database: new Database(connection, { applicationName: 'db-bootstrap/test' }),
  });
  return { root, env, projectDirectory: directory, host, connection, workflowFiles: [], signal, ...more };
}
