import { Client, escapeIdentifier } from 'pg';
import { dump, query } from '../support/postgres.js';

/** What one tenant has. */
export interface TenantFacts {
  /** Migrations as "app.name", in the order in which they were recorded. */
  readonly recorded: readonly string[];
  /** Content types and permissions, by natural key: what post_migrate adds last. */
  readonly rows: readonly string[];
}

/** What each schema has. */
export async function factsOf(
  url: string,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, TenantFacts>> {
  const client = new Client(url);
  await client.connect();
  try {
    const facts = new Map<string, TenantFacts>();
    for (const schema of schemas) {
      const prefix = escapeIdentifier(schema);
      const lines = async (table: string, statement: string): Promise<string[]> => {
        const { rows: found } = await client.query('select where to_regclass($1) is not null', [
          `${prefix}.${table}`,
        ]);
        if (found.length === 0) return [];
        return (await client.query<{ line: string }>(statement)).rows.map(({ line }) => line);
      };
      facts.set(schema, {
        recorded: await lines(
          'django_migrations',
          `select app || '.' || name as line from ${prefix}.django_migrations order by id`,
        ),
        rows: [
          ...(await lines(
            'django_content_type',
            `select app_label || '.' || model as line from ${prefix}.django_content_type order by 1`,
          )),
          ...(await lines(
            'auth_permission',
            `select concat_ws('.', t.app_label, t.model, p.codename, p.name) as line
               from ${prefix}.auth_permission p join ${prefix}.django_content_type t on t.id = p.content_type_id order by 1`,
          )),
        ],
      });
    }
    return facts;
  } finally {
    await client.end();
  }
}

/** Each schema's catalog, as a sorted list of the statements that make it, without the schema's name. */
export async function catalogsOf(
  url: string,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const catalogs = new Map<string, string[]>(schemas.map((schema) => [schema, []]));
  const [, ...parts] = (await dump(url, '--no-owner', '--schema-only')).split(/^--\n-- Name: /m);
  for (const part of parts) {
    const [, schema = '', text = ''] = /^.*; Type: .*; Schema: (.*); Owner: .*\n--\n([^]*)$/.exec(part) ?? [];
    const statements = text
      .split('\n')
      .filter((line) => line !== '' && !/^(?:SET |--)/.test(line))
      .join('\n');
    catalogs.get(schema)?.push(statements.replace(qualified(schema), ''));
  }
  for (const catalog of catalogs.values()) catalog.sort();
  return catalogs;
}

function qualified(schema: string): RegExp {
  const name = schema.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w"])(?:"${name}"|${name})\\.`, 'g');
}

/** Indexes that a server would not use, which pg_dump passes over. */
export async function invalidIndexes(url: string): Promise<string[]> {
  const rows = await query<{ name: string }>(
    url,
    'select indexrelid::regclass::text as name from pg_index where not (indisvalid and indisready and indislive) order by 1',
  );
  return rows.map(({ name }) => name);
}
