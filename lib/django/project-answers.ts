// What the host tells of a project: its apps, models and migrations.

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
  /** The schema that the table's name holds; such a table stands there alone. */
  readonly schema?: string;
  readonly table: string;
  readonly app: string;
  /** Whether the app's migrations are the project's to write. */
  readonly own: boolean;
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
  /** Of DATABASES: the main database. */
  readonly alias: string;
  readonly otherDatabases: readonly OtherDatabase[];
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
  /** Whether a router of the project decides what is migrated: its answers may differ between schemas. */
  readonly ownRouter: boolean;
  /** Whether the tenant model has a manager of its own, which may hide rows. */
  readonly hidesTenants: boolean;
}

/** A database other than the main one to which the routers send migrations. `apps` are its apps that no other database has, or else all its apps. */
export interface OtherDatabase {
  readonly alias: string;
  readonly apps: readonly string[];
}

/** `otherConnection`: what Django is connected to in a database beside the main one; a URL, password included, where it is PostgreSQL. */
export interface OtherConnection {
  readonly vendor: string;
  readonly url: string | null;
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
  readonly conflicts: readonly Conflict[];
  /** The settings say in which order tenants are migrated (TENANT_MIGRATION_ORDER); `schemas` are in that order. */
  readonly ordered: boolean;
  readonly schemas: readonly {
    readonly schema: string;
    /** Unapplied migrations in order. */
    readonly pending: readonly MigrationKey[];
    /** Recorded, but not on disk (and not replaced by a squash). */
    readonly unknown: readonly MigrationKey[];
    /** Squashed migrations of which a part is applied, where there are such: what they lack is pending under its own names. */
    readonly partly?: readonly MigrationKey[];
    readonly applied: number;
  }[];
}

/** An app whose migrations have several leaf nodes. */
export interface Conflict {
  readonly app: string;
  readonly leaves: readonly string[];
  /** Whether its migrations are the project's to write. */
  readonly own: boolean;
}

/** `autodetect`: operations that makemigrations would write, per app. */
export interface Autodetected {
  readonly changes: readonly {
    readonly app: string;
    /** Whether its migrations are the project's to write, not those of an installed package. */
    readonly own: boolean;
    readonly operations: readonly string[];
    readonly suggestedName: string;
  }[];
  readonly conflicts: readonly Conflict[];
  /** Files written, relative to the project; only with `write`. */
  readonly written: readonly string[];
}

/** `tableMigrations`: which migration makes each table of the migrations on disk. */
export interface TableMigrations {
  readonly tables: readonly TableMigration[];
}

export interface TableMigration {
  readonly table: string;
  readonly app: string;
  readonly migration: string;
  /** The migration that makes each column; none where they come with the table, as those of a hidden many-to-many table do. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Absolute paths that Python loads code from, without those of its own library. */
export interface Places {
  /** Folders, and single files, that hold code of the project or are edited elsewhere. */
  readonly folders: readonly string[];
  /** Folders of installed distributions. */
  readonly sitePackages: readonly string[];
}

/** `sources`: where the project was loaded from in the end. */
export interface Sources extends Places {
  /** Why the same files may not give the same answers; empty where they do. */
  readonly doubts: readonly string[];
}
