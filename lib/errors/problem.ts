/** Where a problem is: a position in a file, or, where a file has none (JS, TS, flags), a key path. */
export interface Place {
  /** File name as a person would type it, relative to the working directory; or a label such as "--set" or "DB_BOOTSTRAP_CONCURRENCY". */
  readonly file: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** How many characters the squiggles underline; 1 when absent. */
  readonly length?: number;
  /** The whole source line, for the excerpt. */
  readonly source?: string;
  /** Dotted path of the key, shown where there is no line: "tasks.seed.needs[0]". */
  readonly keyPath?: string;
}

/** A labelled line under a problem: "found by: check \"tables\"", "not done: …". */
export interface Note {
  readonly label: string;
  readonly text: string;
}

/** What PostgreSQL and Django told about a failure, for classification and for machines. All parts are free of secrets. */
export interface Facts {
  readonly sqlstate?: string;
  readonly statement?: string;
  /** 1-based character position in `statement`, as PostgreSQL counts. */
  readonly position?: number;
  readonly schema?: string;
  readonly table?: string;
  readonly migration?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly [key: string]: string | number | boolean | readonly string[] | undefined;
}

/** One thing that is wrong, as a value: a code, the cause first, the place, the notes, and one thing to do. */
export interface Problem {
  readonly code: import('./codes.js').ErrorCode;
  /** One sentence, cause first, no trailing full stop. */
  readonly message: string;
  readonly severity?: 'error' | 'warning' | 'note';
  readonly place?: Place;
  readonly notes?: readonly Note[];
  /** One thing to do, as an imperative sentence or a command. */
  readonly help?: string;
  readonly facts?: Facts;
  /** The output of what failed, whole; shown last. */
  readonly output?: string;
}
