/** What is needed of the database: statements and their rows; a text may hold several, whose rows come one after the other. */
export interface StateDatabase {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** Schemas asked about at once: each takes two locks until all have answered, and a server has 6,400 unless told otherwise. */
const schemasAtOnce = 500;

/**
 * A digest for each schema of what its table django_migrations has recorded, in whatever order: equal where the records are. Schemas
 * without the table are left out. A statement for each is planned in half the time of one union of all.
 */
export async function recordedStates(
  database: StateDatabase,
  schemas?: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const present = await database.query<{ schema: string }>(
    `select n.nspname::text as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = 'django_migrations' and c.relkind in ('r', 'p') and n.nspname !~ '^pg_'
        and ($1::text[] is null or n.nspname = any($1)) order by 1`,
    [schemas ?? null],
  );
  const states = new Map<string, string>();
  for (let start = 0; start < present.length; start += schemasAtOnce) {
    const batch = present.slice(start, start + schemasAtOnce);
    const statements = batch.map(
      ({ schema }) =>
        `select count(*) || '/' || coalesce(sum(hashtextextended(app || chr(9) || name, 0)), 0) as state
           from ${quoteName(schema)}.django_migrations`,
    );
    const rows = await database.query<{ state: string }>(statements.join(';\n'));
    batch.forEach(({ schema }, position) => states.set(schema, rows[position]?.state ?? ''));
  }
  return states;
}

/** A name as SQL has it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The parameters of a question, with what every schema has recorded where it is about a whole fleet: Django then reads one record for
 * each digest. `recorded` is what is known already.
 */
export async function withDigests(
  method: string,
  params: Readonly<Record<string, unknown>>,
  database: StateDatabase,
  recorded?: ReadonlyMap<string, string>,
): Promise<Readonly<Record<string, unknown>>> {
  if (
    method !== 'states' ||
    params.alias !== undefined ||
    params.scope === 'public' ||
    params.schemas !== undefined
  )
    return params;
  try {
    return { ...params, digests: Object.fromEntries(recorded ?? (await recordedStates(database))) };
  } catch {
    // The role may not read what Django's may: Django reads them all.
    return params;
  }
}
