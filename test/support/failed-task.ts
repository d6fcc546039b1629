import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { TaskContext, TaskHost } from '../../config/define.js';
import { explainFailure } from '../../lib/diagnose/failure/index.js';
import { createHostService, type HostService } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { command as commandKind } from '../../tasks/command.js';
import { createTestDatabase, query, testServer } from './postgres.js';
import { pythonOf, type pythonSets } from './python.js';
import { testContext } from './task-context.js';

/** A migrated database of the example's, from which each test takes a copy. */
export interface Template {
  readonly set: keyof typeof pythonSets;
  readonly folder: string;
  readonly python: string;
  /** A copy of the database, with a host of its own. */
  open(settings?: string): Promise<FailingProject>;
  close(): Promise<void>;
}

const forgotten = `
from .test import *

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sites"]
`;

/** manage.py carriers: lists them, or runs what is given as Python. */
const carriers = `
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("code", nargs="?", default="print(list(Carrier.objects.all()))")

    def handle(self, *args, **options):
        from django.db import connection, transaction
        from wholesale.carriers.models import Carrier, Rate

        exec(options["code"], locals())
`;

/** A project whose tasks fail. */
export class FailingProject {
  readonly #service: HostService;
  readonly #database: Database;
  constructor(
    readonly url: string,
    readonly folder: string,
    readonly python: string,
    readonly drop: () => Promise<void>,
    readonly settings = 'wholesale.settings.test',
  ) {
    this.#database = new Database(resolveConnection(url, {}), { applicationName: 'db-bootstrap/test' });
    this.#service = createHostService({
      django: { directory: folder, python },
      root: folder,
      runId: 'test',
      grace: 2000,
    });
  }

  /** Environment of children, as tasks have it. */
  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      DATABASE_URL: this.url,
      DJANGO_SETTINGS_MODULE: this.settings,
      PYTHONDONTWRITEBYTECODE: '1',
    };
  }

  host(env: Readonly<Record<string, string>> = {}): TaskHost {
    return this.#service.forTask({
      name: 'test',
      signal: new AbortController().signal,
      log: { output: () => undefined },
      env: { ...this.env, ...env },
      database: this.#database,
    });
  }

  rows<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> {
    return query<Row>(this.url, text, values);
  }

  /** Runs manage.py to its end, and its exit code with all that it printed. */
  manage(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    return shell(
      [this.python, 'manage.py', ...args].map((word) => `'${word}'`).join(' '),
      this.folder,
      this.env,
    );
  }

  /** A repair as a person copies it from the help: lines of commands, or of SQL. */
  async repair(help: string): Promise<void> {
    const lines = help.split('\n').filter((line) => !/:$/.test(line));
    const commands = lines.filter((line) => line.includes('python manage.py'));
    if (commands.length === 0) {
      await this.rows(lines.join('\n'));
      return;
    }
    for (const line of commands) {
      const text = line.startsWith('for ') ? line : (/python manage\.py [^"]*/.exec(line)?.[0] ?? line);
      const { code, output } = await shell(text.replace('python', this.python), this.folder, this.env);
      if (code !== 0) throw new Error(`${text}\n${output}`);
    }
  }

  /** What db-bootstrap says of a command that failed, with the task's options and the workflow's tasks as given. */
  async failCommand(
    run: string,
    more: {
      readonly tasks?: readonly Partial<TaskDefinition>[];
      readonly env?: Record<string, string>;
      readonly task?: Partial<TaskDefinition>;
    } = {},
  ): Promise<Problem> {
    const env = { ...this.env, ...more.env };
    const context = testContext<{ run: string }>({
      kind: commandKind,
      options: { run },
      root: this.folder,
      url: this.url,
      base: env,
      name: 'seed',
      env: more.env ?? {},
    });
    try {
      await commandKind.run(context as never);
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      const task = { name: 'seed', use: 'command', options: { run }, ...more.task };
      return this.explain(error.problems, task, more);
    }
    throw new Error(`"${run}" did not fail`);
  }

  /** What db-bootstrap says of a failure of the host, or of a statement of the driver. */
  async failWork(
    work: (database: Database, host: TaskHost) => Promise<unknown>,
    task: Partial<TaskDefinition> = {},
  ): Promise<Problem> {
    const startedAt = Date.now();
    try {
      await work(this.#database.forOthers(), this.host());
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      return this.explain(error.problems, task, { startedAt });
    }
    throw new Error('nothing failed');
  }

  async explain(...asked: Parameters<FailingProject['explainAll']>): Promise<Problem> {
    const [problem] = await this.explainAll(...asked);
    if (!problem) throw new Error('no problem is left');
    return problem;
  }

  async explainAll(
    problems: readonly Problem[],
    task: Partial<TaskDefinition>,
    more: {
      readonly tasks?: readonly Partial<TaskDefinition>[];
      readonly env?: Record<string, string>;
      readonly startedAt?: number;
    } = {},
  ): Promise<readonly Problem[]> {
    const failed = definition({ name: 'seed', use: 'sql', ...task });
    const tasks = [failed, ...(more.tasks ?? []).map(definition)];
    const workflow = {
      root: this.folder,
      django: { directory: this.folder },
      tasks: new Map(tasks.map((each) => [each.name, each])),
      origins: new Map(),
      tenants: [],
    } as unknown as Workflow;
    const context = {
      database: this.#database,
      env: { ...this.env, ...more.env },
      host: this.host(more.env),
    } as unknown as TaskContext<unknown>;
    return explainFailure(problems, {
      task: failed,
      workflow,
      context,
      startedAt: more.startedAt ?? Date.now() - 1000,
    });
  }

  /** The same database, as another role with a password of its own. */
  as(role: string, password: string): FailingProject {
    const url = new URL(this.url);
    url.username = role;
    url.password = password;
    return new FailingProject(url.href, this.folder, this.python, () => Promise.resolve());
  }

  async close(): Promise<void> {
    await this.#service.close();
    await this.#database.close();
    await this.drop();
  }
}

/** An empty database, and a folder without any project. */
export async function openEmpty(): Promise<FailingProject> {
  const folder = mkdtempSync(join(tmpdir(), 'dbb-failing-'));
  const database = await createTestDatabase();
  return new FailingProject(database.url, folder, '', async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Copies the example, and migrates a database with its two tenants once. */
export async function openTemplate(set: keyof typeof pythonSets): Promise<Template> {
  const parent = mkdtempSync(join(tmpdir(), 'dbb-failing-'));
  const folder = join(parent, 'project');
  const skipped = new Set(['.venv', '.db-bootstrap', '__pycache__']);
  cpSync('examples/django-tenants', folder, {
    recursive: true,
    filter: (path) => !skipped.has(basename(path)),
  });
  writeFileSync(join(folder, 'wholesale/tenants/management/commands/carriers.py'), carriers);
  writeFileSync(join(folder, 'wholesale/settings/forgotten.py'), forgotten);
  const python = await pythonOf(set);
  const database = await createTestDatabase();
  const template = new FailingProject(database.url, folder, python, () => database.drop());
  const code = [
    'from wholesale.tenants.models import Client',
    ...['test_tenant', 'corner_shop'].map(
      (name) => `Client(schema_name="${name}", name="${name}", description="").save()`,
    ),
  ].join('\n');
  for (const args of [
    ['migrate_schemas', '--shared', '-v0'],
    ['shell', '-c', code],
  ]) {
    const ended = await template.manage(...args);
    if (ended.code !== 0) throw new Error(ended.output);
  }
  const { url } = await testServer();
  const copies: FailingProject[] = [];
  return {
    set,
    folder,
    python,
    open: async (settings) => {
      const name = `${database.name}_${copies.length}`;
      await query(url, `create database ${name} template ${database.name}`);
      const copy = new URL(database.url);
      copy.pathname = `/${name}`;
      const drop = async (): Promise<void> => {
        await query(url, `drop database if exists ${name} with (force)`);
      };
      const project = new FailingProject(copy.href, folder, python, drop, settings);
      copies.push(project);
      return project;
    },
    close: async () => {
      await template.close();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

function definition(task: Partial<TaskDefinition>): TaskDefinition {
  return {
    needs: [],
    after: [],
    enabled: true,
    env: {},
    options: {},
    tolerate: [],
    ...task,
  } as unknown as TaskDefinition;
}

function shell(
  text: string,
  cwd: string,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', text], { cwd, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
