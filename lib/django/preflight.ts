import type { HostError } from './protocol.js';
import type { ModelField, OtherDatabase } from './project-answers.js';

/** `preflight`: facts of the project in two stages, read without touching the database. A place is "file:line", from the project's folder. */
export interface Preflight {
  readonly settingsModule: string;
  /** Why Django does not load the project; what was found before stands beside it. */
  readonly failure: HostError | null;
  /** Null where the settings cannot be imported. */
  readonly settings: SettingsFacts | null;
  /** Null where Django does not load the project. */
  readonly project: ProjectFacts | null;
}

/** The settings in force that concern databases and tenants. */
export interface SettingsFacts {
  readonly file: string | null;
  readonly alias: string;
  readonly installedApps: readonly string[];
  readonly sharedApps: readonly string[] | null;
  readonly tenantApps: readonly string[] | null;
  readonly multiType: boolean;
  /** The apps of each type of tenants. */
  readonly types: Readonly<Record<string, readonly string[]>> | null;
  readonly typeField: string | null;
  readonly publicSchema: string;
  readonly engine: string;
  readonly database: {
    readonly name: string;
    readonly host: string;
    readonly port: string;
    readonly user: string;
  };
  /** Whether libpq reads the rest from a service file. */
  readonly service: boolean;
  readonly routers: readonly string[];
  /** The router that django_tenants insists on. */
  readonly syncRouter: string;
  readonly middleware: readonly string[];
  readonly tenantModel: string | null;
  readonly domainModel: string | null;
  readonly fakesMigrations: boolean;
  readonly baseSchema: string | null;
  /** Types of tenants that have a base schema of their own. */
  readonly typesWithBase: readonly string[];
  /** Settings that are set and look like those of django-tenants, but are none. */
  readonly unknown: readonly string[];
  /** Every setting of django-tenants. */
  readonly known: readonly string[];
  /** Where each app of the lists is written. */
  readonly entries: Readonly<Record<string, string>>;
  /** Where each setting is set; "DATABASES.ENGINE" and its like for the parts of the database in use. */
  readonly places: Readonly<Record<string, string>>;
}

/** Another settings module of the project, loaded in a process of its own. */
export interface OtherSettings {
  readonly module: string;
  /** Null where it does not load. `own`: apps of the project with models or migrations, as its lists name them. */
  readonly settings: (SettingsFacts & { readonly own: readonly string[] }) | null;
  /** Why it does not load. */
  readonly failure: string | null;
}

/** TENANT_MODEL or TENANT_DOMAIN_MODEL, and the model that it names. */
export interface TenantModelFacts {
  readonly setting: string;
  readonly name: string | null;
  /** Null where it names none. */
  readonly model: {
    readonly label: string;
    readonly app: string;
    readonly class: string;
    readonly at: string | null;
    readonly bases: readonly string[];
    /** Whether it inherits the mixin of django_tenants. */
    readonly mixin: boolean;
    readonly table: string;
    /** Whether it has what MULTI_TYPE_DATABASE_FIELD names. */
    readonly typeField: boolean;
    /** The column of it; null where there is none, or it is computed. */
    readonly typeColumn: string | null;
    /** Whether its table stands in the public schema. */
    readonly public: boolean;
    /** In which schemas beside the public one. */
    readonly elsewhere: readonly string[];
    readonly fields: readonly ModelField[];
  } | null;
  /** Models that inherit the mixin, where it names none. */
  readonly candidates?: readonly string[];
}

/** What is wrong with an app's migrations package: switched off, not there, a name that does not import, or a folder without __init__.py. */
export type PackageFault = 'disabled' | 'missing' | 'unimportable' | 'no-init';

/** An app as Django loaded it. Schemas are "public", "tenants", or a type of tenants. */
export interface AppFacts {
  readonly label: string;
  readonly name: string;
  /** Whether it is the project's, not installed with a distribution. */
  readonly own: boolean;
  readonly tables: readonly string[];
  readonly places: readonly string[];
  /** Whether the project's routers put it into another of its databases. */
  readonly otherDatabase: boolean;
  readonly package: {
    readonly name: string | null;
    /** Whether MIGRATION_MODULES names it. */
    readonly explicit: boolean;
    readonly folder: string | null;
    /** How many files of migrations it holds. */
    readonly migrations: number;
    readonly fault: PackageFault | null;
  };
}

/** A foreign key whose target cannot be seen from some schemas that it stands in. */
export interface Crossing {
  readonly app: string;
  readonly model: string;
  readonly table: string;
  readonly column: string;
  readonly at: string | null;
  readonly targetApp: string;
  readonly target: string;
  readonly targetTable: string;
  readonly schemas: readonly string[];
  readonly targetSchemas: readonly string[];
}

/** A key of the public schema whose type a migration changes, and a column of tenants that stays as it was. */
export interface KeyChange {
  readonly app: string;
  readonly migration: string;
  readonly at: string | null;
  /** "table.column". */
  readonly key: string;
  readonly keyType: string;
  readonly column: string;
  readonly columnType: string;
  readonly columnApp: string;
  readonly schemas: readonly string[];
}

/** The project once Django has loaded it. */
export interface ProjectFacts {
  readonly tenancy: boolean;
  readonly tenantModel: TenantModelFacts | null;
  readonly domainModel: TenantModelFacts | null;
  readonly apps: readonly AppFacts[];
  readonly otherDatabases: readonly OtherDatabase[];
  /** Entries of the lists of apps that name no installed app. */
  readonly notInstalled: readonly { readonly setting: string; readonly entry: string }[];
  readonly crossings: readonly Crossing[];
  readonly contentTypes: {
    readonly schemas: readonly string[];
    readonly foreign: readonly {
      readonly app: string;
      readonly table: string;
      readonly column: string;
      readonly schemas: readonly string[];
    }[];
  } | null;
  readonly migrations: MigrationFacts;
}

/** The migrations on disk. */
export interface MigrationFacts {
  /** Why they could not be loaded. */
  readonly failure: HostError | null;
  readonly missing: readonly {
    readonly app: string;
    readonly migration: string;
    readonly at: string | null;
    readonly dependsOn: { readonly app: string; readonly name: string };
    readonly installed: boolean;
    /** Names of the migrations that the other app has. */
    readonly existing: readonly string[];
  }[];
  readonly conflicts: readonly {
    readonly app: string;
    readonly leaves: readonly string[];
    readonly at: readonly (string | null)[];
  }[];
  readonly changes: readonly {
    readonly app: string;
    readonly operations: readonly string[];
    readonly at: string | null;
  }[];
  readonly keys: readonly KeyChange[];
}
