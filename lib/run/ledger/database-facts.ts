import type { Json, TaskClient, TaskLedger } from '../../../config/define.js';
import type { Database } from '../../postgres/index.js';
import type { FactsPlace } from './pending-facts.js';
import { storableJson } from './storable.js';

type Facts = Map<string, Map<string, Json>>;

/** A row of the table. */
export interface FactRow {
  readonly task: string;
  readonly key: string;
  readonly value: Json;
}

/** What tasks remember, in the ledger's table `task_facts` (its quoted name is given). */
export class DatabaseFacts implements FactsPlace {
  readonly #database: Database;
  readonly #table: string;
  readonly #readOnly: boolean;
  #facts: Promise<Facts> | undefined;
  /** Tasks that wrote inside a transaction: whether that was committed, only the table knows. */
  readonly #unsettled = new Set<string>();

  /** `rows` are all that the table holds, where somebody has read it already. */
  constructor(database: Database, table: string, readOnly: boolean, rows?: readonly FactRow[]) {
    this.#database = database;
    this.#table = table;
    this.#readOnly = readOnly;
    if (rows) this.#facts = Promise.resolve(factsOf(rows));
  }

  /** The part of one task. */
  forTask(task: string): TaskLedger {
    return {
      get: async (key) => (await this.#part(task)).get(key),
      entries: async () => new Map(await this.#part(task)),
      set: (key, value, client) => this.#set(task, key, value, client),
      delete: (key) => this.#delete(task, key),
    };
  }

  /** Forgets all of these tasks' facts but what is unfinished, as `isUnfinished` says; the names of those that had any. */
  async forget(tasks: readonly string[]): Promise<readonly string[]> {
    if (this.#readOnly) return [];
    const rows = await this.#database.query<{ task: string }>(
      `delete from ${this.#table} where task = any($1) and value ->> 'state' is distinct from 'running' returning task`,
      [tasks],
    );
    this.#facts = undefined;
    const gone = new Set(rows.map(({ task }) => task));
    return tasks.filter((task) => gone.has(task));
  }

  async #part(task: string): Promise<Map<string, Json>> {
    if (this.#unsettled.has(task)) return (await this.#read(task)).get(task) ?? new Map<string, Json>();
    // All facts are read at once: one round trip for a whole run.
    this.#facts ??= this.#read();
    const facts = await this.#facts;
    let part = facts.get(task);
    if (!part) facts.set(task, (part = new Map<string, Json>()));
    return part;
  }

  async #read(task?: string): Promise<Facts> {
    const rows = await this.#database.query<FactRow>(
      `select task, key, value from ${this.#table} where $1::text is null or task = $1`,
      [task ?? null],
    );
    return factsOf(rows);
  }

  async #set(task: string, key: string, value: Json, client?: TaskClient): Promise<void> {
    if (this.#readOnly) return;
    if (client) this.#unsettled.add(task);
    await (client ?? this.#database).query(
      `insert into ${this.#table} (task, key, value) values ($1, $2, $3)
       on conflict (task, key) do update set value = excluded.value, written_at = now()`,
      [task, key, storableJson(value)],
    );
    if (!this.#unsettled.has(task)) (await this.#part(task)).set(key, value);
  }

  async #delete(task: string, key: string): Promise<void> {
    if (this.#readOnly) return;
    await this.#database.query(`delete from ${this.#table} where task = $1 and key = $2`, [task, key]);
    if (!this.#unsettled.has(task)) (await this.#part(task)).delete(key);
  }
}

function factsOf(rows: readonly FactRow[]): Facts {
  const facts: Facts = new Map();
  for (const { task, key, value } of rows) {
    facts.set(task, (facts.get(task) ?? new Map<string, Json>()).set(key, value));
  }
  return facts;
}
