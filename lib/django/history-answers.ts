import type { MigrationKey } from './project-answers.js';

// What the host tells of what migrations make, and of what it takes to make it anew.

/** `objectHistory`: which migration makes a table or a column, and what it takes to make it anew. */
export type ObjectHistory =
  | { readonly maker: null }
  | {
      readonly maker: MigrationKey;
      /** The migration before it in its app, or "zero". */
      readonly before: string;
      /** The maker and all that depend on it, in order, each with what it makes. */
      readonly undone: readonly (MigrationKey & {
        readonly tables: readonly string[];
        readonly columns: readonly { readonly table: string; readonly column: string }[];
        /** It holds operations on data. */
        readonly data: boolean;
      })[];
      /** What makes the object as the newest state has it, with unqualified names. */
      readonly statements: readonly string[];
      /** Foreign keys of other tables that lead to a table, with the statement that makes each. */
      readonly references: readonly { readonly table: string; readonly statement: string }[];
    };

/** `migrationEffect`: what a migration would make, against what a schema holds already. */
export interface MigrationEffect {
  readonly objects: readonly {
    readonly table: string;
    /** The migration makes the table; else it changes it. */
    readonly made: boolean;
    readonly exists: boolean;
    /** Whether the schema's table holds any row. */
    readonly rows: boolean;
    /** Null where one of both lacks the part. */
    readonly differences: readonly {
      readonly part: 'column' | 'constraint' | 'index' | 'foreign key';
      readonly name: string;
      readonly expected: string | null;
      readonly actual: string | null;
    }[];
    /** With the types that the models want. */
    readonly foreignKeys: readonly {
      readonly column: string;
      readonly type: string;
      readonly toTable: string;
      readonly toColumn: string;
      readonly toType: string;
    }[];
  }[];
  /** Operations whose effect cannot be compared, as Django describes them. */
  readonly others: readonly string[];
  /** How many operations the migration has. */
  readonly operations: number;
  /** The last migration of the app, from this one on, that leaves the tables exactly as they are; null where there is none. */
  readonly identicalTo: string | null;
}

/** An object that a statement names; kind "relation" stands for any kind of relation. */
export interface SoughtObject {
  readonly kind: string;
  readonly name: string;
  readonly table?: string;
}

/** `objectMaker`: the migration that makes what another one uses without depending on it. */
export type ObjectMaker =
  | { readonly maker: null }
  | {
      readonly maker: MigrationKey;
      readonly kind: string;
      readonly name: string;
      readonly table: string | null;
      /** The maker depends on the migration that uses it. */
      readonly circle: boolean;
      /** Files relative to the project's folder; null where they belong to a package. */
      readonly userFile: string | null;
      readonly makerFile: string | null;
    };

/** `dependents`: what goes when the records of some apps are taken back. */
export interface Dependents {
  /** The fewest apps whose records have to be taken back to "zero". */
  readonly zero: readonly string[];
  /** All migrations that lose their record by that, in order of application. */
  readonly undone: readonly MigrationKey[];
}
