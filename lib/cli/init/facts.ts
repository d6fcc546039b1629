/** What `init` found in a repository. Paths are relative to its root, with forward slashes. */
export interface RepositoryFacts {
  /** Absolute. */
  readonly root: string;
  readonly django: DjangoFacts | undefined;
  /** Other manage.py files than the one of `django`. */
  readonly otherProjects: readonly string[];
  readonly initFolders: readonly string[];
  /** PostgreSQL services of compose files. */
  readonly services: readonly ComposeService[];
  readonly envFiles: readonly string[];
  /** Configs of ours that exist already. */
  readonly configs: readonly string[];
}

/** A Django project. */
export interface DjangoFacts {
  readonly managePy: string;
  /** The folder of manage.py; "." for the root. */
  readonly directory: string;
  /** What manage.py sets where nothing else is said. */
  readonly settings: string | undefined;
  /** All modules of the settings package, the default one included. */
  readonly settingsModules: readonly string[];
  /** Where django_tenants is named; undefined where it is not. */
  readonly tenancy: Evidence | undefined;
  readonly tenantModel: string | undefined;
  readonly connection: ConnectionFacts;
}

/** A place that speaks for a fact. */
export interface Evidence {
  readonly file: string;
  readonly line: number;
}

/** How the project's settings find their database. */
export type ConnectionFacts =
  | { readonly kind: 'url'; readonly variable: string; readonly where: Evidence }
  | { readonly kind: 'parts'; readonly parts: ConnectionParts; readonly where: Evidence }
  | { readonly kind: 'unknown' };

export type ConnectionParts = Readonly<Partial<Record<'NAME' | 'USER' | 'PASSWORD' | 'HOST' | 'PORT', Part>>>;

/** A part of a connection: a variable of the environment, a fixed text, or a variable with a text as its default. */
export interface Part {
  readonly variable?: string;
  readonly text?: string;
}

/** A PostgreSQL service of a compose file. */
export interface ComposeService {
  readonly file: string;
  readonly name: string;
  readonly image: string;
  /** The port on this machine, where one is published. */
  readonly port: number | undefined;
  /** POSTGRES_USER and POSTGRES_DB as far as they are fixed texts. */
  readonly user: string | undefined;
  readonly database: string | undefined;
  /** Folders that are mounted as docker-entrypoint-initdb.d. */
  readonly initFolders: readonly string[];
  /** Single files that are mounted into it. */
  readonly initFiles: readonly string[];
}
