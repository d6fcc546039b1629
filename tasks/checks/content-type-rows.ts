import type { TaskClient } from '../../config/define.js';
import type { ExpectedContentTypes } from '../../lib/django/index.js';
import { belongs, type Place } from './places.js';
import { batches, qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

type Model = ExpectedContentTypes['models'][number];

/** What is wrong with the content types and permissions of one schema. */
export interface ContentTypeFaults {
  readonly schema: string;
  /** Models without a content type. */
  readonly missing: readonly Model[];
  /** Permissions that a content type lacks. */
  readonly missingPermissions: readonly {
    readonly model: Model;
    readonly codename: string;
    readonly name: string;
  }[];
  /** "app.model" and "app.codename" of what exists more than once. */
  readonly duplicates: readonly {
    readonly kind: 'content type' | 'permission';
    readonly label: string;
    readonly times: number;
  }[];
  readonly dangling: readonly { readonly codename: string; readonly contentType: string }[];
}

// Four tables, each with its indexes, in one statement.
const schemasAtOnce = 100;

/** The schemas whose content types or permissions are not as they should be, and how many were looked at; one query for each hundred. */
export async function findContentTypeFaults(
  database: TaskClient,
  expected: ExpectedContentTypes,
  places: readonly Place[],
): Promise<{ readonly faults: readonly ContentTypeFaults[]; readonly schemas: number }> {
  const present = await schemasWith(database, expected, places);
  const faults: ContentTypeFaults[] = [];
  for (const batch of batches(present, schemasAtOnce)) {
    const parts = batch.map(({ schema, permissions }, position) => {
      const types = qualified(schema, expected.table);
      const rights =
        permissions === null
          ? 'null'
          : `(select json_agg(json_build_array(c.app_label, c.model, p.codename, p.content_type_id::text))::text
              from ${qualified(schema, permissions)} p left join ${types} c on c.id = p.content_type_id)`;
      return `select ${String(position)} as position, ${rights} as permissions,
        (select json_agg(json_build_array(app_label, model))::text from ${types}) as types`;
    });
    // Most schemas of a fleet hold the same rows: those are sent once.
    const rows = await database.query<{
      types: string | null;
      permissions: string | null;
      positions: number[];
    }>(
      `select types, permissions, array_agg(position order by position) as positions from (${parts.join(' union all ')}) s group by 1, 2`,
    );
    for (const { types, permissions, positions } of rows) {
      for (const position of positions) {
        const place = batch[position];
        if (!place) continue;
        const found = compare(
          place.schema,
          expected,
          parsed(types),
          place.permissions === null ? null : parsed(permissions),
        );
        if (found) faults.push(found);
      }
    }
  }
  return { faults, schemas: present.length };
}

/** "stock.item": a content type as people write it. */
export function labelOf({ app, model }: Pick<Model, 'app' | 'model'>): string {
  return `${app}.${model}`;
}

/** "2 content types and 1 permission". */
export function amount(types: number, permissions: number): string {
  return [
    types > 0 ? counted(types, 'content type') : '',
    permissions > 0 ? counted(permissions, 'permission') : '',
  ]
    .filter(Boolean)
    .join(' and ');
}

async function schemasWith(
  database: TaskClient,
  { table, permissions, ...placed }: ExpectedContentTypes,
  places: readonly Place[],
): Promise<readonly { readonly schema: string; readonly permissions: string | null }[]> {
  const rows = await database.query<{ schema: string; types: boolean; permissions: boolean }>(
    `select n.nspname as schema, bool_or(c.relname = $2) as types, bool_or(c.relname = $3) is true as permissions
       from pg_catalog.pg_namespace n
       join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = any(array[$2, $3]::name[]) and c.relkind in ('r', 'p')
      where n.nspname = any($1::text[]) group by 1 order by 1`,
    [
      places.filter(({ kind }) => belongs(placed, kind)).map(({ schema }) => schema),
      table,
      permissions?.table ?? null,
    ],
  );
  const kinds = new Map(places.map(({ schema, kind }) => [schema, kind]));
  return rows
    .filter(({ types }) => types)
    .map(({ schema, permissions: there }) => ({
      schema,
      permissions:
        permissions && there && belongs(permissions, kinds.get(schema) ?? '') ? permissions.table : null,
    }));
}

function compare(
  schema: string,
  { models }: ExpectedContentTypes,
  types: readonly Row[],
  permissions: readonly Row[] | null,
): ContentTypeFaults | undefined {
  const held = count(types);
  const rights = permissions ?? [];
  // Where a content type is missing, the label and the model are null.
  const dangling = rights.flatMap(([app, , codename, contentType]) =>
    app === null ? [{ codename: codename ?? '', contentType: contentType ?? '' }] : [],
  );
  const given = count(rights.filter(([app]) => app !== null).map((row) => row.slice(0, 3)));
  const missing = models.filter(({ app, model }) => !held.has(keyOf([app, model])));
  const missingPermissions = models.flatMap((model) =>
    permissions === null || missing.includes(model)
      ? []
      : model.permissions
          .filter(({ codename }) => !given.has(keyOf([model.app, model.model, codename])))
          .map((permission) => ({ model, ...permission })),
  );
  const duplicates = [
    ...repeated(held).map(([[app, model], times]) => ({
      kind: 'content type' as const,
      label: `${app}.${model}`,
      times,
    })),
    ...repeated(given).map(([[app, , codename], times]) => ({
      kind: 'permission' as const,
      label: `${app}.${codename}`,
      times,
    })),
  ];
  const found = { schema, missing, missingPermissions, duplicates, dangling };
  return [missing, missingPermissions, duplicates, dangling].some(({ length }) => length > 0)
    ? found
    : undefined;
}

/** A row of the query, which returns JSON because a name may contain any character. */
type Row = readonly (string | null)[];

function parsed(text: string | null): readonly Row[] {
  return text === null ? [] : (JSON.parse(text) as Row[]);
}

function keyOf(row: Row): string {
  return JSON.stringify(row);
}

function count(rows: readonly Row[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of rows.map(keyOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function repeated(counts: ReadonlyMap<string, number>): [Row, number][] {
  return [...counts].flatMap(([key, times]) => (times > 1 ? [[JSON.parse(key) as Row, times]] : []));
}
