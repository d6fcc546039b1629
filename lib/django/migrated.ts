import type { MigrationKey } from './project-answers.js';

// What the host tells of a schema that it migrated, and what was executed there.

/** `migrate`: what was applied to one schema. */
export interface Migrated {
  readonly schema: string;
  readonly applied: readonly MigrationKey[];
  readonly ms: number;
}

/** What one migration executed in a schema; to be executed again in others. */
export interface MigrationRecording extends MigrationKey {
  /** False: its statements run outside of transactions. */
  readonly atomic: boolean;
  /** In order, with their values in them. */
  readonly statements: readonly string[];
  /** Where it is not atomic: for each statement the index that it makes or removes concurrently, null for any other statement. */
  readonly indexes?: readonly (ConcurrentIndex | null)[];
  /** What it recorded in django_migrations: itself, or what it replaces. */
  readonly records: readonly MigrationKey[];
  /** It was not applied: it is a squashed migration whose parts all are. */
  readonly onlyRecorded?: boolean;
  /** It changed rows, so that constraints may have to be checked before the next migration. */
  readonly writes: boolean;
  /** Locks on tables that it took first, of those that keep others from writing; only of what was undone. */
  readonly locks?: readonly { readonly schema: string; readonly relation: string; readonly mode: string }[];
}

/** By its bare name; not made: removed. */
export interface ConcurrentIndex {
  readonly name: string;
  readonly made: boolean;
}

/** Migrations in a row that are done in one way. */
export interface RecordedSegment {
  /**
   * Their statements again, in a transaction or, as "steps", outside of any; Django, one by one and without signals; or Django's whole
   * command, for all that is left.
   */
  readonly by: 'replay' | 'steps' | 'alone' | 'django';
  /** Why they are not replayed. */
  readonly why: string | null;
  readonly migrations: readonly MigrationRecording[];
  /** Every quoted name in the statements: the relations that they may have touched are among them. */
  readonly names: readonly string[];
  /** Of these relations, in the recorded schema, when the segment had ended. */
  readonly digest: string | null;
  /** Tables of other schemas that are locked while references to them are made. */
  readonly shared: readonly string[];
}

/** What migrating a schema executed. */
export interface Recording {
  /** What makes every schema a case of its own, such as signals that the project listens to. */
  readonly why: string | null;
  /** null stands for the tenant's own schema. */
  readonly searchPath: readonly (string | null)[];
  /** Settings of Django's session by name, its role among them, on which the effect of statements may depend. */
  readonly session: Readonly<Record<string, string>>;
  /** Before the first migration: the table of records. */
  readonly prelude: readonly string[];
  readonly segments: readonly RecordedSegment[];
  /** Handlers of post_migrate that may do anything, as "module.function". */
  readonly listeners: readonly string[];
  /** What post_migrate adds; null where that is nothing, or is not known. */
  readonly rows: RecordedRows | null;
}

/** Content types and permissions that post_migrate adds, by natural key. The scripts look for tables on the search_path. */
export interface RecordedRows {
  /** The statement for a digest of all such rows of a schema, whose quoted name "{schema}" stands for. */
  readonly check: string;
  /** Of the recorded schema, before any were added; null where it had none. */
  readonly digest: string | null;
  /** Adds what was added there; empty where nothing was. */
  readonly added: string;
  /** Adds all that a schema may lack. */
  readonly demanded: string;
}
