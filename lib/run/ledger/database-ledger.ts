import { join } from 'node:path';
import type { Json, TaskClient, TaskLedger } from '../../../config/define.js';
import { BootstrapError, type Problem } from '../../errors/index.js';
import { quoteIdentifier, type Database } from '../../postgres/index.js';
import type { Ledger } from '../services.js';
import type { RunStatus, TaskEnd } from '../events.js';
import type { RunRecord } from '../services.js';
import { fileLedger, type FileLedgerOptions } from './file-ledger.js';
import { install, installedVersion, newestVersion } from './install.js';
import { LocalFacts } from './local-facts.js';

/** The ledger in the target database, in a schema of its own. A role that may not make it gets files, and a warning. */
export function databaseLedger(database: Database, schema: string, options: FileLedgerOptions): Ledger {
  return new DatabaseLedger(database, schema, options);
}

class DatabaseLedger implements Ledger {
  readonly #database: Database;
  readonly #schema: string;
  readonly #options: FileLedgerOptions;
  readonly #local: LocalFacts;
  /** Where the role may not write: the ledger of files that does it instead. */
  #instead: Ledger | undefined;
  /** False before `attach`, and for a plan on a database that has no ledger. */
  #there = false;
  #attached = false;
  #held: (() => Promise<void>)[] = [];
  #facts: Promise<Map<string, Map<string, Json>>> | undefined;
  #run = '';

  constructor(database: Database, schema: string, options: FileLedgerOptions) {
    this.#database = database;
    this.#schema = schema;
    this.#options = options;
    this.#local = new LocalFacts(join(options.stateDirectory, 'local.json'), options.readOnly);
  }

  async attach(): Promise<readonly Problem[]> {
    const notices = await this.#install();
    this.#attached = true;
    for (const write of this.#held.splice(0)) await write();
    return notices;
  }

  async #install(): Promise<readonly Problem[]> {
    try {
      const version = await installedVersion(this.#database, this.#schema);
      if (version !== newestVersion() && !this.#options.readOnly) {
        await this.#database.transaction((client) => install(client, this.#schema));
      }
      this.#there = version !== undefined || !this.#options.readOnly;
      return [];
    } catch (error) {
      if (
        !(error instanceof BootstrapError) ||
        !['42501', '25006'].includes(error.problems[0].facts?.sqlstate ?? '')
      )
        throw error;
      this.#instead = fileLedger(this.#options);
      return [
        {
          code: 'DBB4030',
          severity: 'warning',
          message: `role "${this.#database.user}" may not create the schema "${this.#schema}": the ledger is kept in files under .db-bootstrap/`,
          help: `grant create on database ${quoteIdentifier(this.#database.name)} to ${quoteIdentifier(this.#database.user)}, or set "ledger: file"`,
        },
      ];
    }
  }

  async startRun(run: RunRecord): Promise<void> {
    if (this.#instead) return this.#instead.startRun(run);
    this.#run = run.id;
    await this.#database.query(
      `insert into ${this.#table('runs')} (id, version, host, pid, profile, started_at) values ($1, $2, $3, $4, $5, to_timestamp($6))`,
      [run.id, run.version, run.host, run.pid, run.profile ?? null, run.startedAt / 1000],
    );
  }

  async taskStarted(name: string): Promise<void> {
    await this.#instead?.taskStarted(name);
  }

  async taskEnded(end: TaskEnd): Promise<void> {
    if (this.#instead) return this.#instead.taskEnded(end);
    await this.#database.query(
      `insert into ${this.#table('task_results')} (run_id, task, use, status, changed, attempts, ms, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [this.#run, end.name, end.use, end.status, end.changed, end.attempts, end.ms, end.reason],
    );
  }

  async endRun(status: RunStatus, exitCode: number): Promise<void> {
    if (this.#instead) return this.#instead.endRun(status, exitCode);
    await this.#database.query(
      `update ${this.#table('runs')} set ended_at = now(), status = $2, exit_code = $3 where id = $1`,
      [this.#run, status, exitCode],
    );
  }

  /** What is written before `attach` is held back until then; what is read before, is nothing. */
  forTask(task: string): TaskLedger {
    const instead = (): TaskLedger | undefined => this.#instead?.forTask(task);
    return {
      get: async (key) => instead()?.get(key) ?? (await this.#part(task)).get(key),
      entries: async () => instead()?.entries() ?? (await this.#part(task)),
      set: async (key, value, client) =>
        instead()?.set(key, value) ?? (await this.#set(task, key, value, client)),
      delete: async (key) => instead()?.delete(key) ?? (await this.#delete(task, key)),
    };
  }

  local(task: string): TaskLedger {
    return this.#local.forTask(task);
  }

  /** All facts are read at once: one round trip for a whole run. */
  async #part(task: string): Promise<Map<string, Json>> {
    if (!this.#there) return new Map<string, Json>();
    this.#facts ??= this.#read();
    const facts = await this.#facts;
    let part = facts.get(task);
    if (!part) facts.set(task, (part = new Map<string, Json>()));
    return part;
  }

  async #read(): Promise<Map<string, Map<string, Json>>> {
    const rows = await this.#database.query<{ task: string; key: string; value: Json }>(
      `select task, key, value from ${this.#table('task_facts')}`,
    );
    const facts = new Map<string, Map<string, Json>>();
    for (const { task, key, value } of rows) {
      facts.set(task, (facts.get(task) ?? new Map<string, Json>()).set(key, value));
    }
    return facts;
  }

  async #set(task: string, key: string, value: Json, client?: TaskClient): Promise<void> {
    if (this.#options.readOnly) return;
    if (!this.#attached) {
      this.#held.push(() => this.forTask(task).set(key, value));
      return;
    }
    await (client ?? this.#database).query(
      `insert into ${this.#table('task_facts')} (task, key, value) values ($1, $2, $3)
       on conflict (task, key) do update set value = excluded.value, written_at = now()`,
      [task, key, JSON.stringify(value)],
    );
    // Inside a transaction of somebody else's it is true only once that has been committed: look again then.
    if (client) this.#facts = undefined;
    else (await this.#part(task)).set(key, value);
  }

  async #delete(task: string, key: string): Promise<void> {
    if (this.#options.readOnly) return;
    if (!this.#attached) {
      this.#held.push(() => this.forTask(task).delete(key));
      return;
    }
    await this.#database.query(`delete from ${this.#table('task_facts')} where task = $1 and key = $2`, [
      task,
      key,
    ]);
    (await this.#part(task)).delete(key);
  }

  #table(name: string): string {
    return `${quoteIdentifier(this.#schema)}.${name}`;
  }
}
