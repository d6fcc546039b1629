/** In which schemas the table of a model stands. */
export interface Placed {
  /** The schema that the table's name holds; such a table stands there alone. */
  readonly schema?: string;
  readonly shared: boolean;
  readonly tenant: boolean;
  /** With multi-type tenants: the types whose schemas hold it. */
  readonly types?: readonly string[];
}

/** A relation of a model that has a column. */
export interface ExpectedForeignKey {
  readonly column: string;
  /** As Django would write it in DDL; null where it would make no column. */
  readonly type: string | null;
  /** The schema that the table's name holds. */
  readonly toSchema: string | null;
  readonly toTable: string;
  readonly toColumn: string;
  /** False where the model says that the database shall not know of it. */
  readonly constraint: boolean;
}

/** Values that may occur only once: those of columns together, or those of expressions. */
export interface UniqueRule {
  /** The name that the model gives it, or null. */
  readonly name: string | null;
  readonly columns: readonly string[];
  /** SQL, with unqualified columns; in place of columns. */
  readonly expressions: readonly string[];
  /** SQL: the rule holds for these rows alone. */
  readonly condition: string | null;
  readonly nullsDistinct: boolean;
  /** It is the table's primary key. */
  readonly primary: boolean;
}

/** A table of the models with its rules. */
export interface RuledTable extends Placed {
  readonly table: string;
  readonly foreignKeys: readonly ExpectedForeignKey[];
  readonly unique: readonly UniqueRule[];
}

/** A column of the tables that say which tenants there are, with the primary key of its table. */
export interface TenantColumn {
  readonly table: string;
  readonly column: string;
  readonly key: string;
}

/** Where the rows of tenants and domains stand, in the public schema. */
export interface TenantLayout {
  readonly schema: TenantColumn;
  /** With multi-type tenants. */
  readonly type: TenantColumn | null;
  readonly domain: TenantColumn;
  /** The domain's reference to its tenant. */
  readonly owner: TenantColumn & { readonly toTable: string; readonly toColumn: string };
}

/** The rows that Django keeps about its models. */
export interface ExpectedContentTypes extends Placed {
  readonly table: string;
  readonly models: readonly {
    readonly app: string;
    readonly model: string;
    readonly permissions: readonly { readonly codename: string; readonly name: string }[];
  }[];
  /** Null without django.contrib.auth. */
  readonly permissions: (Placed & { readonly table: string }) | null;
}

/** `expectedRules`: what the models expect of their tables beside columns; read without touching the database. */
export interface ExpectedRules {
  readonly tenancy: boolean;
  readonly publicSchema: string;
  /** Schemas that tenants are cloned from: they need no row. */
  readonly templates: readonly string[];
  readonly tenants: TenantLayout | null;
  readonly tables: readonly RuledTable[];
  /** Null where the project has none, or fills them in a way of its own. */
  readonly contentTypes: ExpectedContentTypes | null;
}
