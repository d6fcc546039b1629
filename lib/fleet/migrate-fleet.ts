import { migrate, record, type OnEvent, type Timeouts } from '../django/index.js';
import { BootstrapError } from '../errors/index.js';
import type { Capacity } from './capacity.js';
import type { FailureLimit } from './failure-limit.js';
import { recallCreation, rememberCreation } from './creation.js';
import { fingerprintStatement } from './fingerprint.js';
import { followCanary } from './follow-canary.js';
import { patiently } from './busy.js';
import { inSchema } from './failure-in-schema.js';
import { invalidIndexes, type InvalidIndex } from './invalid-indexes.js';
import { cohortsOf, interrupted, ofTenant, type FleetEnd, type FleetMember } from './member.js';
import { withRecordTables } from './record-tables.js';
import type { FleetDatabase } from './replay.js';
import { sideBySide } from './side-by-side.js';

/** A process that has the project's Django, and what runs have remembered of the project. */
export type Host = Parameters<typeof migrate>[0] & {
  recall(name: string): Promise<unknown>;
  remember(name: string, value: object): Promise<void>;
};

/** What migrating a fleet needs. */
export interface FleetOptions {
  /** They work side by side, each at one thing at a time; canaries are the first one's. */
  readonly hosts: readonly [Host, ...Host[]];
  readonly database: FleetDatabase;
  readonly members: readonly FleetMember[];
  readonly capacity: Capacity;
  /** For every statement of a migration; a tenant whose tables others hold for longer is tried again, and has failed then. */
  readonly timeouts: Timeouts;
  /** When handlers of post_migrate are asked in every tenant: where they may do anything, always, or never. */
  readonly postMigrate: 'auto' | 'always' | 'never';
  readonly limit: FailureLimit;
  readonly signal: AbortSignal;
  /** Called once for every member, as soon as it has ended. */
  readonly onEnd: (end: FleetEnd) => void;
  /** Called where a member has come to some part of its way, between 0 and 1. */
  readonly onAdvance: (schema: string, part: number) => void;
  /**
   * Notes that outlive a kill. A schema's migrations are recorded before its last step, post_migrate, so one is owed that step from
   * before it is worked on until it has ended; only what is replayed in one transaction, with that step, is not noted.
   */
  readonly debts: {
    owe(schema: string): Promise<void>;
    settle(schema: string): Promise<void>;
    /** Whether an earlier run has noted it, and was broken off. */
    isOwed(schema: string): boolean;
    /** Whether it has recorded nothing: it is a tenant that this run creates. */
    isCreated(schema: string): boolean;
  };
  /** Indexes that were invalid before anything began. */
  readonly invalid: readonly InvalidIndex[];
  /** One line about how the work is done: why Django does what is not replayed. */
  readonly onNote: (text: string) => void;
}

/** How the whole fleet ended. */
export interface FleetResult {
  readonly ends: readonly FleetEnd[];
  /** What ended the work before all members were tried: no tenant's own fault. */
  readonly stopped?: BootstrapError;
}

/**
 * Migrates the tenants, cohort by cohort: Django migrates the first of each, and what it executed is replayed in the others; in new
 * tenants, what it executed in the last new one. What cannot be replayed, Django does itself. A failed tenant does not keep the others
 * from being migrated.
 */
export async function migrateFleet(options: FleetOptions): Promise<FleetResult> {
  const { hosts, database, timeouts, debts } = options;
  const members = await withRecordTables(database, options.members);
  const postMigrate = options.postMigrate !== 'never';
  const work = new FleetWork(options);
  const alone: string[] = [];
  for (const cohort of cohortsOf(members)) {
    const rest = [...cohort];
    // A server that is gone is not asked once more.
    const known = work.isStopped ? undefined : await recallCreation(options, cohort);
    if (known) {
      const replay = (some: readonly FleetMember[]): Promise<boolean> =>
        followCanary(
          options,
          work,
          known,
          some.map(({ schema }) => schema),
        );
      // One shows whether it still holds; where it does not, the next is a canary.
      if (await replay(rest.splice(0, 1))) {
        options.onNote('new tenants are replayed from what an earlier run has recorded');
        await replay(rest.splice(0));
      }
    }
    // In the order of the fleet, but those that are each a case of its own side by side.
    if (rest.length > 1) await work.allByDjango(alone.splice(0));
    while (rest.length > 1 && !work.isStopped) {
      const canary = rest.shift();
      if (!canary) break;
      const { schema } = canary;
      const fingerprint = fingerprintStatement();
      const recorded = await work.inDebt(schema, (again, onEvent) =>
        record(
          hosts[0],
          { schema, fingerprint, timeouts, postMigrate, again, created: debts.isCreated(schema) },
          onEvent,
        ),
      );
      if (!recorded) continue;
      const { ms, applied, recording } = recorded;
      work.end({ schema, status: 'migrated', ms, applied: applied.length, by: 'django' });
      await rememberCreation(options, canary, recording);
      const schemas = rest.splice(0).map((member) => member.schema);
      await followCanary(options, work, recording, schemas);
    }
    alone.push(...rest.map(({ schema }) => schema));
  }
  await work.allByDjango(alone);
  return work.result();
}

/** What has become of each member so far. */
export class FleetWork {
  readonly #options: FleetOptions;
  readonly #ends = new Map<string, FleetEnd>();
  #stopped: BootstrapError | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#whyStopped !== undefined;
  }

  /** Something would fail for every other tenant as well. */
  stop(error: BootstrapError): void {
    this.#stopped ??= error;
  }

  end(end: FleetEnd): void {
    if (this.#ends.has(end.schema)) return;
    this.#ends.set(end.schema, end);
    if (end.status === 'failed') this.#options.limit.note();
    this.#options.onEnd(end);
  }

  /** Does what may fail for one tenant, which has ended then; undefined where it failed. `applied`: its migrations until now. */
  async tried<T>(
    schema: string,
    work: (again: boolean) => Promise<T>,
    applied: () => number = () => 0,
  ): Promise<T | undefined> {
    const { signal, debts } = this.#options;
    try {
      return await patiently((again) => work(again || debts.isOwed(schema)), signal);
    } catch (error) {
      // What was not finished is rolled back, whatever it is that an interruption has it say.
      if (signal.aborted) this.leaveHalfWay(schema, applied());
      else if (!(error instanceof BootstrapError)) throw error;
      else {
        if (!ofTenant.has(error.code)) this.stop(error);
        this.end({ schema, status: 'failed', error: await this.#told(schema, error) });
      }
      return undefined;
    }
  }

  /** The same for what Django does: until it has ended, the schema is owed its end. */
  async inDebt<T>(
    schema: string,
    work: (again: boolean, onEvent: OnEvent) => Promise<T>,
    before = 0,
  ): Promise<T | undefined> {
    const { debts } = this.#options;
    let applied = before;
    const onEvent: OnEvent = ({ type }) => {
      if (type === 'migration') applied += 1;
    };
    const indebted = async (again: boolean): Promise<T> => {
      await debts.owe(schema);
      const done = await work(again, onEvent);
      await debts.settle(schema);
      return done;
    };
    return this.tried(schema, indebted, () => applied);
  }

  /** Does something for each schema with some host, several at a time, until it is stopped. */
  inEach(schemas: readonly string[], act: (schema: string, host: Host) => Promise<void>): Promise<void> {
    return sideBySide(this.#options.hosts, schemas, () => this.isStopped, act);
  }

  /** Django's whole command for each, after what was done `before`. */
  allByDjango(
    schemas: readonly string[],
    before: (schema: string) => { readonly ms: number; readonly applied: number } | undefined = () =>
      undefined,
  ): Promise<void> {
    return this.inEach(schemas, (schema, host) => this.#byDjango(schema, host, before(schema)));
  }

  async #byDjango(schema: string, host: Host, before = { ms: 0, applied: 0 }): Promise<void> {
    const { timeouts, debts } = this.#options;
    const postMigrate = this.#options.postMigrate !== 'never';
    const todo = (again: boolean, onEvent: OnEvent): ReturnType<typeof migrate> =>
      migrate(host, { schema, timeouts, postMigrate, again, created: debts.isCreated(schema) }, onEvent);
    const done = await this.inDebt(schema, todo, before.applied);
    if (!done) return;
    const applied = before.applied + done.applied.length;
    this.end({ schema, status: 'migrated', ms: before.ms + done.ms, applied, by: 'django' });
  }

  /** Ends a tenant that was left between two migrations, some of which were applied to it. */
  leaveHalfWay(schema: string, applied: number): void {
    const after = applied === 0 ? '' : `, after ${String(applied)} of its migrations`;
    this.end({ schema, status: 'not-tried', reason: `${this.#whyStopped ?? interrupted}${after}` });
  }

  result(): FleetResult {
    const reason = this.#whyStopped;
    if (reason !== undefined)
      for (const { schema } of this.#options.members) this.end({ schema, status: 'not-tried', reason });
    const ends = [...this.#ends.values()];
    return this.#stopped === undefined ? { ends } : { ends, stopped: this.#stopped };
  }

  /** The failure with its schema, and with what it left: indexes that were being made outside of transactions. */
  async #told(schema: string, error: BootstrapError): Promise<BootstrapError> {
    const { database, invalid } = this.#options;
    const known = new Set(invalid.flatMap((index) => (index.schema === schema ? [index.name] : [])));
    // Where the server is gone, it cannot be asked either.
    const found = await invalidIndexes(database, [schema]).catch(() => []);
    const left = found.flatMap(({ name }) => (known.has(name) ? [] : [`"${name}"`]));
    return inSchema(schema, error, left);
  }

  get #whyStopped(): string | undefined {
    const { signal, limit } = this.#options;
    return signal.aborted ? interrupted : (this.#stopped?.message ?? limit.reached);
  }
}
