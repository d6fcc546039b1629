/** Kinds of schemas ("public", "tenant", or "tenant " and a type), each with one that exists, and the statement that reads a catalog. */
export interface ModelCatalogParams {
  readonly kinds: readonly { readonly kind: string; readonly schema: string }[];
  readonly statement: string;
  /** The server's version and extensions, on which the answer depends beside the project's files. */
  readonly server: string;
  /** Why an answer that is kept does not do. */
  readonly fresh?: string;
}

/** `modelCatalog`: what each kind of schema would hold if Django's schema editor made the tables of the models now. */
export interface ModelCatalog {
  readonly kinds: readonly {
    readonly kind: string;
    /** Tables that could not be made, and what the server said. */
    readonly unmade: readonly { readonly table: string; readonly why: string }[];
    /** A JSON list of objects as the statement gives them, deflated, as base64; `schema` is that which the table's name holds, or null. */
    readonly packed: string;
  }[];
}
