import type { ModelField, MigrationKey } from './project-answers.js';

// What the host tells of tenants and their rows.

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
  /** Whether requests look for the public tenant, and there is no row for it. */
  readonly publicSought?: boolean;
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
  /** Schemas of tenants that the tenant model's manager hides: nothing of theirs is emptied. */
  readonly hidden: readonly string[];
  /** Kept tables (not of the models, or of a hidden tenant) whose rows refer to tables that the flush would empty. If there are any, nothing was changed. */
  readonly blocked: readonly { readonly table: string; readonly refersTo: string }[];
}
