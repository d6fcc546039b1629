import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskHost } from '../../../config/define.js';
import { BootstrapError, type Problem } from '../../errors/index.js';
import type {
  Dependents,
  ExpectedTable,
  HostMethods,
  Inspection,
  MigrationEffect,
  MigrationStates,
  ObjectHistory,
  ObjectMaker,
  SoughtObject,
  TenantRows,
} from '../../django/index.js';

/** A project that takes longer than this to load leaves the catalog as the only witness. */
const patience = 12_000;

/** What the Django project says, as far as it says anything: every answer may be missing. */
export class Project {
  readonly #host: TaskHost;
  readonly #answers = new Map<string, Promise<unknown>>();
  #failure: Problem | undefined;

  constructor(host: TaskHost) {
    this.#host = host;
  }

  /** Why the project did not answer: the first failure that the host told. */
  get failure(): Problem | undefined {
    return this.#failure;
  }

  inspection(): Promise<Inspection | undefined> {
    return this.#ask('inspect', {});
  }

  async tables(): Promise<readonly ExpectedTable[]> {
    return (await this.#ask('expectedTables', {}))?.tables ?? [];
  }

  tenants(): Promise<TenantRows | undefined> {
    return this.#ask('tenants', {});
  }

  /** States of schemas; of the only one where the project has no tenants. */
  async states(schemas: readonly string[]): Promise<MigrationStates['schemas']> {
    const inspection = await this.inspection();
    const params = inspection?.tenancy === true ? { schemas } : {};
    return (await this.#ask('states', params))?.schemas ?? [];
  }

  history(table: string, column?: string): Promise<ObjectHistory | undefined> {
    return this.#ask('objectHistory', { table, ...(column === undefined ? {} : { column }) });
  }

  dependents(apps: readonly string[]): Promise<Dependents | undefined> {
    return this.#ask('dependents', { apps });
  }

  /** The migration that makes one of the objects, where this one uses it without depending on it. */
  maker(objects: readonly SoughtObject[], user: string): Promise<ObjectMaker | undefined> {
    const [app = '', migration = ''] = user.split('.');
    return this.#ask('objectMaker', { app, migration, objects });
  }

  effect(migration: string, schema: string | undefined): Promise<MigrationEffect | undefined> {
    const [app = '', name = ''] = migration.split('.');
    return this.#ask('migrationEffect', {
      app,
      migration: name,
      ...(schema === undefined ? {} : { schema }),
    });
  }

  #ask<Method extends keyof HostMethods>(
    method: Method,
    params: HostMethods[Method]['params'],
  ): Promise<HostMethods[Method]['result'] | undefined> {
    const key = JSON.stringify([method, params]);
    const answer = this.#answers.get(key) ?? this.#request(method, params);
    this.#answers.set(key, answer);
    return answer as Promise<HostMethods[Method]['result'] | undefined>;
  }

  async #request(method: string, params: object): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        this.#host.request(method, { ...params }),
        new Promise((resolve) => (timer = setTimeout(() => resolve(undefined), patience))),
      ]);
    } catch (error) {
      if (error instanceof BootstrapError) this.#failure ??= error.problems[0];
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The project of a folder, where there is one. */
export function projectIn(directory: string, host: () => TaskHost): Project | undefined {
  return existsSync(join(directory, 'manage.py')) ? new Project(host()) : undefined;
}
