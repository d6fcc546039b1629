import type { ExpectedRules } from './expected-rules.js';
import type { Preflight } from './preflight.js';

/**
 * What the host can be asked, and what it answers: one JSON object a line over two pipes of their own (the host reads fd 3
 * and writes fd 4). Requests are `{id, method, params}`; answers `{id, result}` or `{id, error}`, with `{id, event}` between.
 * The first line from the host is a `Greeting`. Names are camelCase on the wire.
 */
export const protocolVersion = 1;

/** The host's first line. */
export interface Greeting {
  readonly protocol: number;
  readonly python: string;
  readonly executable: string;
}

/** How the host reports a failure. `kind` chooses our code; `traceback` holds the project's own frames only. */
export interface HostError {
  readonly kind:
    | 'django-missing'
    | 'settings-missing'
    | 'settings-import'
    | 'setup'
    | 'circle'
    | 'engine'
    | 'conflict'
    | 'missing-dependency'
    | 'migration'
    | 'unknown-app'
    | 'field-unknown'
    | 'field-missing'
    | 'field-value'
    | 'domain-taken'
    | 'tenant'
    | 'no-tenants'
    | 'command'
    | 'write-refused'
    | 'database'
    | 'cancelled'
    | 'internal';
  readonly message: string;
  readonly exception?: string;
  readonly sqlstate?: string;
  readonly statement?: string;
  readonly position?: number;
  readonly detail?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly schema?: string;
  readonly app?: string;
  readonly migration?: string;
  readonly operation?: string;
  /** "file:line" of the innermost frame of the project. */
  readonly at?: string;
  readonly traceback?: readonly string[];
  /** Valid names, for "unknown field" and "unknown app". */
  readonly valid?: readonly { readonly name: string; readonly type?: string; readonly required?: boolean }[];
  readonly names?: readonly string[];
}

/** A model field as the config may name it. */
export interface ModelField {
  readonly name: string;
  /** Django's class name: "CharField". */
  readonly type: string;
  /** No default, not null, not blank: it must be given. */
  readonly required: boolean;
}

/** A table that the models expect, and where. */
export interface ExpectedTable {
  readonly table: string;
  readonly app: string;
  readonly model: string;
  readonly columns: readonly string[];
  readonly shared: boolean;
  readonly tenant: boolean;
  /** With multi-type tenants: the types whose schemas hold it. */
  readonly types?: readonly string[];
}

/** `inspect`: facts of the project, read without touching the database. */
export interface Inspection {
  readonly django: string;
  readonly djangoTenants: string | null;
  readonly psycopg: string;
  readonly settingsModule: string;
  readonly engine: string;
  /** True where django_tenants is installed as an app. */
  readonly tenancy: boolean;
  readonly publicSchema: string;
  readonly tenantModel: {
    readonly label: string;
    readonly table: string;
    readonly fields: readonly ModelField[];
  } | null;
  readonly domainModel: {
    readonly label: string;
    readonly table: string;
    readonly fields: readonly ModelField[];
  } | null;
  readonly apps: readonly {
    readonly label: string;
    readonly name: string;
    readonly shared: boolean;
    readonly tenant: boolean;
    readonly migrations: boolean;
  }[];
  readonly multiType: boolean;
}

/** `connection`: which database Django is talking to. */
export interface DjangoConnection {
  readonly databaseOid: number;
  /** `pg_postmaster_start_time()` as microseconds since the epoch, as text. */
  readonly postmasterStart: string;
  readonly host: string;
  readonly port: string;
  readonly name: string;
  readonly user: string;
}

/** A migration by app label and name. */
export interface MigrationKey {
  readonly app: string;
  readonly name: string;
}

/** `states`: the migrations on disk against those recorded, per schema. */
export interface MigrationStates {
  /** Leaf nodes of the graph on disk. */
  readonly leaves: readonly MigrationKey[];
  readonly conflicts: readonly { readonly app: string; readonly leaves: readonly string[] }[];
  readonly schemas: readonly {
    readonly schema: string;
    /** Unapplied migrations in order. */
    readonly pending: readonly MigrationKey[];
    /** Recorded, but not on disk (and not replaced by a squash). */
    readonly unknown: readonly MigrationKey[];
    readonly applied: number;
  }[];
}

/** `autodetect`: operations that makemigrations would write, per app. */
export interface Autodetected {
  readonly changes: readonly {
    readonly app: string;
    readonly operations: readonly string[];
    readonly suggestedName: string;
  }[];
  readonly conflicts: readonly { readonly app: string; readonly leaves: readonly string[] }[];
  /** Files written, relative to the project; only with `write`. */
  readonly written: readonly string[];
}

/** `migrate`: what was applied to one schema. */
export interface Migrated {
  readonly schema: string;
  readonly applied: readonly MigrationKey[];
  readonly ms: number;
}

/** What one migration executed in a schema; to be executed again in others. */
export interface MigrationRecording extends MigrationKey {
  /** In order, with their values in them. */
  readonly statements: readonly string[];
  /** What it recorded in django_migrations: itself, or what it replaces. */
  readonly records: readonly MigrationKey[];
  /** It changed rows, so that constraints may have to be checked before the next migration. */
  readonly writes: boolean;
  /** Locks on tables that it took first, of those that keep others from writing; only of what was undone. */
  readonly locks?: readonly { readonly schema: string; readonly relation: string; readonly mode: string }[];
}

/** Migrations in a row that are done in one way. */
export interface RecordedSegment {
  /** Their statements again; Django, one by one and without signals; or Django's whole command, for all that is left. */
  readonly by: 'replay' | 'alone' | 'django';
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
  /** Before the first migration: the table of records. */
  readonly prelude: readonly string[];
  readonly segments: readonly RecordedSegment[];
  /** Rows that post_migrate has added, by natural key: app label and model. */
  readonly contentTypes: readonly (readonly [string, string])[];
  /** App label, model, codename and name. */
  readonly permissions: readonly (readonly [string, string, string, string])[];
}

/** Why a tenant cannot be as the config wants it. */
export interface TenantProblem {
  readonly kind:
    'schema-name' | 'field-unknown' | 'field-missing' | 'field-value' | 'domain-taken' | 'failed';
  readonly schema: string;
  /** What is wrong, as a phrase or a sentence of Django's; empty where `kind` says all. */
  readonly message: string;
  /** Label of the model that a field belongs to: "tenants.Client". */
  readonly model?: string;
  readonly field?: string;
  /** The value as JSON, or the domain. */
  readonly value?: string;
  /** Required fields that have no value. */
  readonly names?: readonly string[];
  readonly valid?: readonly ModelField[];
  /** Schema of the tenant that a domain belongs to. */
  readonly owner?: string;
  readonly exception?: string;
  readonly sqlstate?: string | null;
  /** "file:line" of the innermost frame of the project. */
  readonly at?: string | null;
}

/** `ensureTenants`: how each tenant ended (`plan: true` only says what would happen). */
export interface EnsuredTenants {
  readonly tenants: readonly EnsuredTenant[];
  /** With any problem but "failed" nothing was changed; a failed tenant was rolled back, and the others went on. */
  readonly problems: readonly TenantProblem[];
  /** The first table or column of the tenant or domain model that does not exist yet: 'table "x" does not exist'. */
  readonly missing?: string;
}

/** One tenant of `ensureTenants`; also an event, with `type: 'tenant'`, or with `status: 'failed'` and its `problem`. */
export interface EnsuredTenant {
  readonly schema: string;
  readonly status: 'created' | 'changed' | 'unchanged';
  /** "row", "schema", "domain test.example.com", "field name". */
  readonly done: readonly string[];
  /** Fields whose stored value is not the config's, left alone without `update`. */
  readonly kept: readonly string[];
}

/** `tenants`: rows, domains and schemas as they are in the database. */
export interface TenantRows {
  readonly tenants: readonly {
    readonly schema: string;
    readonly domains: readonly string[];
    readonly primary: string | null;
    readonly schemaExists: boolean;
    /** With multi-type tenants. */
    readonly type: string | null;
  }[];
  /** Schemas that hold a django_migrations table and have no row. */
  readonly orphans: readonly string[];
  /** The table of the tenant or domain model that does not exist yet; then there are no rows. */
  readonly missing?: string;
}

/** `flush`: what was emptied (`plan: true` only says what would be). */
export interface Flushed {
  readonly schemas: readonly { readonly schema: string; readonly tables: number; readonly rows: number }[];
  /** Data migrations whose rows are gone. */
  readonly dataMigrations: readonly MigrationKey[];
  /** Tables of the public schema that were kept, each with the table that needs it (null for those kept for themselves). */
  readonly kept: readonly { readonly table: string; readonly neededBy: string | null }[];
  /** What stands in tables after a flush, made again by the project's own post_migrate handlers: a digest by "schema.table". */
  readonly remains: Readonly<Record<string, string>>;
  /** Rows of tables that are none of the models' refer to tables that would be emptied; then nothing was changed. */
  readonly blocked: readonly { readonly table: string; readonly refersTo: string }[];
}

/** `tableMigrations`: which migration makes each table that the models expect. */
export interface TableMigrations {
  readonly tables: readonly { readonly table: string; readonly app: string; readonly migration: string }[];
}

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
  /** The last migration of the app, from this one on, that leaves the tables exactly as they are; null where there is none. */
  readonly identicalTo: string | null;
}

/** `sources`: what the project read while it was loaded; paths are absolute. */
export interface Sources {
  readonly files: readonly string[];
  /** Folders that were listed. */
  readonly folders: readonly string[];
  /** Names of the variables that were asked for; "*" where all were. */
  readonly variables: readonly string[];
  readonly sitePackages: readonly string[];
  /** Why nobody can say that the same sources give the same answers; empty where they do. */
  readonly doubts: readonly string[];
}

/** Each method with its parameters and its result. `schema: null` means plain Django without schemas (the default search_path). */
export interface HostMethods {
  inspect: { params: Record<string, never>; result: Inspection };
  /** Never fails because of the project: what is wrong with it is part of the result. */
  preflight: { params: Record<string, never>; result: Preflight };
  connection: { params: Record<string, never>; result: DjangoConnection };
  expectedTables: { params: Record<string, never>; result: { readonly tables: readonly ExpectedTable[] } };
  expectedRules: { params: Record<string, never>; result: ExpectedRules };
  autodetect: { params: { apps?: readonly string[]; write?: boolean }; result: Autodetected };
  states: {
    params: { schemas?: readonly string[]; scope?: 'public' | 'tenants' | 'all' };
    result: MigrationStates;
  };
  /** Events: `{type:'migration', schema, app, name, ms}` after each, `{type:'schema', ...}` after each schema. */
  migrate: { params: { schema: string | null; app?: string; migration?: string }; result: Migrated };
  /** The same for a tenant's schema, with what was executed. */
  record: {
    params: { schema: string; fingerprint: string; dry?: boolean };
    result: Migrated & { readonly recording: Recording };
  };
  /** Only these migrations, which come next; without signals and without the command around them. */
  applyAlone: {
    params: { schema: string; migrations: readonly MigrationKey[] };
    result: { readonly schema: string; readonly ms: number };
  };
  tenants: { params: Record<string, never>; result: TenantRows };
  /** Events: `{type:'tenant', ...EnsuredTenant}` after each. */
  ensureTenants: {
    params: { tenants: readonly unknown[]; public?: unknown; update: boolean; plan: boolean };
    result: EnsuredTenants;
  };
  postMigrate: { params: { schema: string | null }; result: Record<string, never> };
  flush: { params: { plan: boolean; remains?: Readonly<Record<string, string>> }; result: Flushed };
  tableMigrations: { params: Record<string, never>; result: TableMigrations };
  objectHistory: { params: { table: string; column?: string }; result: ObjectHistory };
  migrationEffect: { params: { schema?: string; app: string; migration: string }; result: MigrationEffect };
  call: {
    params: { command: string; args?: readonly string[]; schema?: string };
    result: { readonly output: string };
  };
}
