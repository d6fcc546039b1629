import { join } from 'node:path';
import type { TaskLedger } from '../../../config/define.js';
import { BootstrapError, type Problem } from '../../errors/index.js';
import { quoteIdentifier, type Database } from '../../postgres/index.js';
import type { RunStatus, TaskEnd } from '../events.js';
import { endedWell, type LastRun, type Ledger, type RunRecord } from '../services.js';
import { DatabaseFacts, type FactRow } from './database-facts.js';
import { fileLedger, type FileLedgerOptions } from './file-ledger.js';
import { install, newestVersion, stateOfLedger } from './install.js';
import { LocalFacts } from './local-facts.js';
import { PendingFacts } from './pending-facts.js';
import { plainJson, storableJson } from './storable.js';

/** The ledger in the target database, in a schema of its own. A role that may not make it gets files, and a warning. */
export function databaseLedger(database: Database, schema: string, options: FileLedgerOptions): Ledger {
  return new DatabaseLedger(database, schema, options);
}

/** How many runs the tables tell of. */
const kept = 100;

/** How long ends of tasks that have changed nothing wait for others, in milliseconds. */
const moment = 100;

/** SQLSTATEs of a ledger that cannot be made: the role may not, or nothing is written here (a standby, transactions that only read). */
const refusals: Readonly<Record<string, 'create' | 'write'>> = { '42501': 'create', '25006': 'write' };

class DatabaseLedger implements Ledger {
  readonly #database: Database;
  readonly #schema: string;
  readonly #options: FileLedgerOptions;
  readonly #local: LocalFacts;
  readonly #facts = new PendingFacts();
  /** Where the role may not write: the ledger of files that does it instead. */
  #instead: Ledger | undefined;
  #run = '';
  /** Ends that are not written yet, and the writing that is under way. */
  readonly #ends: TaskEnd[] = [];
  #writing: Promise<void> | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor(database: Database, schema: string, options: FileLedgerOptions) {
    this.#database = database;
    this.#schema = schema;
    this.#options = options;
    this.#local = new LocalFacts(join(options.stateDirectory, 'local.json'), options.readOnly);
  }

  async attach(): Promise<readonly Problem[]> {
    const { readOnly } = this.#options;
    let rows: readonly FactRow[] | undefined;
    try {
      const state = await stateOfLedger(this.#database, this.#schema, readOnly ? 'select' : 'insert');
      if (state === 'closed') return await this.#fallBack('use');
      // A plan on a database that has no ledger finds nothing remembered.
      if (state === 'absent' && readOnly) return [];
      const found = state === 'open' ? await this.#read() : undefined;
      if (found?.version !== newestVersion() && !readOnly) {
        await this.#database.transaction((client) => install(client, this.#schema));
      } else rows = found?.rows;
    } catch (error) {
      const refused =
        error instanceof BootstrapError ? refusals[error.problems[0].facts?.sqlstate ?? ''] : undefined;
      if (refused === undefined) throw error;
      return await this.#fallBack(refused);
    }
    const facts = new DatabaseFacts(this.#database, this.#table('task_facts'), readOnly, rows);
    await this.#facts.settle(facts);
    return [];
  }

  async lastRun(): Promise<LastRun | undefined> {
    const state = await stateOfLedger(this.#database, this.#schema, 'select');
    // A role that may not make or read the tables has been given files.
    if (state !== 'open') return fileLedger(this.#options, this.#database).lastRun();
    const [run] = await this.#database.query<{ id: string; done: readonly string[] }>(
      `select id, array(select task from ${this.#table('task_results')} where run_id = id and status = any($1)) as done
         from ${this.#table('runs')} order by started_at desc, id desc limit 1`,
      [endedWell],
    );
    return run && { id: run.id, done: new Set(run.done) };
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

  /**
   * Nobody waits for this write: the next task starts meanwhile, and ends that come together are written together. Those of tasks that
   * have changed nothing wait a moment for others: where they are lost, what they found is found again.
   */
  async taskEnded(end: TaskEnd): Promise<void> {
    if (this.#instead) return this.#instead.taskEnded(end);
    this.#ends.push(end);
    if (end.changed || !endedWell.includes(end.status)) this.#write();
    else this.#later ??= setTimeout(() => this.#write(), moment);
  }

  async endRun(status: RunStatus, exitCode: number): Promise<void> {
    if (this.#instead) return this.#instead.endRun(status, exitCode);
    // A write that fails is tried once more, with whatever came after it.
    await this.#writing?.catch(() => undefined);
    clearTimeout(this.#later);
    await this.#storeEnds((ends) =>
      this.#database.query(
        `with ended as (${this.#insertion}), old as (
           delete from ${this.#table('runs')} where id in
             (select id from ${this.#table('runs')} order by started_at desc, id desc offset ${String(kept)})
         )
         update ${this.#table('runs')} set ended_at = now(), status = $3, exit_code = $4 where id = $1`,
        [this.#run, ends, status, exitCode],
      ),
    );
  }

  forTask(task: string): TaskLedger {
    return this.#facts.forTask(task);
  }

  forget(tasks: readonly string[]): Promise<readonly string[]> {
    return this.#facts.forget(tasks);
  }

  local(task: string): TaskLedger {
    return this.#local.forTask(task);
  }

  /** The version of the tables, and all facts: one round trip for a whole run. */
  async #read(): Promise<{ readonly version: number; readonly rows: readonly FactRow[] }> {
    const [first, ...rows] = await this.#database.query<FactRow>(
      `select coalesce(max(version), 0)::int as value from ${this.#table('versions')};
       select task, key, value from ${this.#table('task_facts')}`,
    );
    return { version: Number(first?.value), rows };
  }

  #write(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    if (this.#writing || this.#ends.length === 0) return;
    this.#writing = this.#writeEnds();
    // What still fails when the run ends is told then.
    this.#writing.catch(() => undefined);
  }

  async #writeEnds(): Promise<void> {
    try {
      while (this.#ends.length > 0)
        await this.#storeEnds((ends) => this.#database.query(this.#insertion, [this.#run, ends]));
    } finally {
      this.#writing = undefined;
    }
  }

  /** Writes the ends that are not written yet, as JSON that the database takes whatever its encoding is. */
  async #storeEnds(write: (ends: string) => Promise<unknown>): Promise<void> {
    const ends = [...this.#ends];
    await write(storableJson(ends)).catch(async (error: unknown) => {
      const sqlstate = error instanceof BootstrapError ? error.problems[0].facts?.sqlstate : undefined;
      if (sqlstate !== '22P05') throw error;
      await write(plainJson(ends));
    });
    this.#ends.splice(0, ends.length);
  }

  /** The statement that writes ends: $1 is the run, $2 are the ends as JSON. */
  get #insertion(): string {
    return `insert into ${this.#table('task_results')} (run_id, task, use, status, changed, attempts, ms, reason)
      select $1, name, use, status, changed, attempts, ms, reason from jsonb_to_recordset($2)
      as ended (name text, use text, status text, changed boolean, attempts integer, ms integer, reason text)
      on conflict do nothing`;
  }

  async #fallBack(what: 'create' | 'use' | 'write'): Promise<readonly Problem[]> {
    const instead = fileLedger(this.#options, this.#database);
    this.#instead = instead;
    const notices = await instead.attach();
    await this.#facts.settle(instead);
    const { name, user } = this.#database;
    const [schema, database, role] = [this.#schema, name, user].map(quoteIdentifier);
    if (what === 'write')
      return [
        ...notices,
        {
          code: 'DBB4030',
          severity: 'warning',
          message: `database "${name}" only reads: the ledger is kept in files under .db-bootstrap/`,
          help: 'set "ledger: file", where it is meant to be so',
        },
      ];
    const grant =
      what === 'create'
        ? `grant create on database ${database} to ${role}`
        : `grant ${role} the rights to schema ${schema}`;
    return [
      ...notices,
      {
        code: 'DBB4030',
        severity: 'warning',
        message: `role "${user}" may not ${what} the schema "${this.#schema}": the ledger is kept in files under .db-bootstrap/`,
        help: `${grant}, or set "ledger: file"`,
      },
    ];
  }

  #table(name: string): string {
    return `${quoteIdentifier(this.#schema)}.${name}`;
  }
}
