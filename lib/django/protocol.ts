import type {
  Dependents,
  ObjectHistory,
  ObjectMaker,
  MigrationEffect,
  SoughtObject,
} from './history-answers.js';
import type { Migrated, Recording } from './migrated.js';
import type {
  ExpectedTable,
  Inspection,
  DjangoConnection,
  MigrationKey,
  MigrationStates,
  OtherConnection,
  Autodetected,
  TableMigrations,
  Places,
} from './project-answers.js';
import type { EnsuredTenants, TenantRows, Flushed } from './tenant-answers.js';
import type { ExpectedRules } from './expected-rules.js';
import type { OtherSettings, Preflight } from './preflight.js';
import type { ModelCatalog, ModelCatalogParams } from './model-catalog.js';

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
  /** Where Python will load code from: known before any of the project's is loaded. */
  readonly places: Places;
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
    | 'schema-name'
    | 'no-tenants'
    | 'command'
    | 'own-command'
    | 'other-database'
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
  readonly hint?: string;
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
  /** Whether the migrations of `app` are the project's to write. */
  readonly own?: boolean;
  /** The squashed migration, where the rest of what it replaces (`names`) is not on disk any more. */
  readonly squashed?: string;
  /** The database of the settings, where it was not the main one. */
  readonly alias?: string;
}

/** How long a migration's statements may wait for a lock and take, in milliseconds, by the server's own names. */
export type Timeouts = Readonly<Partial<Record<'lock_timeout' | 'statement_timeout', number>>>;

/**
 * Each method with its parameters and its result. With a parameter `alias` beside its own a method works in that database of the settings,
 * which has no tenants. `schema: null` means plain Django without schemas (the default search_path).
 */
export interface HostMethods {
  inspect: { params: Record<string, never>; result: Inspection };
  /** Never fails because of the project: what is wrong with it is part of the result. */
  preflight: { params: Record<string, never>; result: Preflight };
  /** Loads each module in a child process that is thrown away; also where the project does not load. */
  otherSettings: {
    params: { modules: readonly string[] };
    result: { readonly modules: readonly OtherSettings[] };
  };
  connection: { params: Record<string, never>; result: DjangoConnection };
  otherConnection: { params: Record<string, never>; result: OtherConnection };
  expectedTables: { params: Record<string, never>; result: { readonly tables: readonly ExpectedTable[] } };
  /** By schema, where a router of the project's allows other tables in it than in tenants of its type in general. */
  decidedTables: {
    params: { places: readonly { readonly schema: string; readonly kind: string }[] };
    result: { readonly schemas: Readonly<Record<string, readonly string[]>> };
  };
  /** Whether SQL or code in one migration of the app says all of these words. */
  ownCode: {
    params: { questions: readonly { readonly app: string; readonly words: readonly string[] }[] };
    result: { readonly says: readonly boolean[] };
  };
  expectedRules: { params: Record<string, never>; result: ExpectedRules };
  modelCatalog: { params: ModelCatalogParams; result: ModelCatalog };
  autodetect: { params: { apps?: readonly string[]; write?: boolean }; result: Autodetected };
  states: {
    /** `digests`: what every schema that has the table django_migrations has recorded; equal where it is the same. */
    params: {
      schemas?: readonly string[];
      scope?: 'public' | 'tenants' | 'all';
      digests?: Readonly<Record<string, string>>;
    };
    result: MigrationStates;
  };
  /** Events: `{type:'migration', schema, app, name, ms}` after each, `{type:'schema', ...}` after each schema. */
  migrate: {
    params: {
      schema: string | null;
      app?: string;
      migration?: string;
      timeouts?: Timeouts;
      postMigrate?: boolean;
      /** An earlier try was broken off: what it has done outside of transactions is taken as done. */
      again?: boolean;
      /** It had recorded nothing: django_tenants' `post_schema_sync` is sent at the end. */
      created?: boolean;
    };
    result: Migrated;
  };
  /** The same for a tenant's schema, with what was executed. */
  record: {
    params: {
      schema: string;
      fingerprint: string;
      dry?: boolean;
      timeouts?: Timeouts;
      postMigrate?: boolean;
      again?: boolean;
      created?: boolean;
    };
    result: Migrated & { readonly recording: Recording };
  };
  /** Only these migrations, which come next; without signals and without the command around them. Events: `{type:'migration', …}` after each. */
  applyAlone: {
    params: { schema: string; migrations: readonly MigrationKey[]; timeouts?: Timeouts; again?: boolean };
    result: { readonly schema: string; readonly ms: number };
  };
  tenants: { params: Record<string, never>; result: TenantRows };
  /** Events: `{type:'tenant', ...EnsuredTenant}` after each. */
  ensureTenants: {
    params: { tenants: readonly unknown[]; public?: unknown; update: boolean; plan: boolean };
    result: EnsuredTenants;
  };
  /** With `migrations`, as Django's command sends it after it has applied them. */
  postMigrate: {
    params: { schema: string | null; migrations?: readonly MigrationKey[]; timeouts?: Timeouts };
    result: Record<string, never>;
  };
  /** `database`: the only one that may be emptied. */
  flush: {
    params: {
      plan: boolean;
      remains?: Readonly<Record<string, string>>;
      database?: { readonly oid: string; readonly started: string };
    };
    result: Flushed;
  };
  tableMigrations: { params: Record<string, never>; result: TableMigrations };
  objectHistory: { params: { table: string; column?: string }; result: ObjectHistory };
  dependents: { params: { apps: readonly string[] }; result: Dependents };
  /** `app` and `migration` are those that use one of the objects. */
  objectMaker: {
    params: { app: string; migration: string; objects: readonly SoughtObject[] };
    result: ObjectMaker;
  };
  migrationEffect: { params: { schema?: string; app: string; migration: string }; result: MigrationEffect };
  call: {
    params: { command: string; args?: readonly string[]; schema?: string };
    result: { readonly output: string };
  };
}
