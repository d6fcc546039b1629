import { inflateSync } from 'node:zlib';
import type { TaskClient, TaskHost } from '../../config/define.js';
import type { ModelCatalog, ModelCatalogParams } from '../../lib/django/index.js';
import { objectsStatement, withText, type CatalogObject } from '../../lib/postgres/index.js';
import type { Place } from './places.js';

type Kinds = ModelCatalog['kinds'];

/** What Django would make of the models in the kinds of schemas that there are: kept from earlier runs, where nothing has changed. */
export async function modelCatalog(
  database: TaskClient,
  host: TaskHost,
  places: readonly Place[],
): Promise<Kinds> {
  const samples = new Map<string, string>();
  for (const { kind, schema } of places)
    if (!kind.startsWith('named ') && !samples.has(kind)) samples.set(kind, schema);
  const [row] = await database.query<{ server: string }>(
    `select pg_catalog.concat_ws(' ', pg_catalog.current_setting('server_version_num'),
       (select pg_catalog.string_agg(extname || extversion, ' ' order by extname) from pg_catalog.pg_extension)) as server`,
  );
  const params: ModelCatalogParams = {
    kinds: [...samples].map(([kind, schema]) => ({ kind, schema })),
    statement: objectsStatement('array[pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace::text]'),
    server: row?.server ?? '',
  };
  const { kinds } = await host.request<ModelCatalog>('modelCatalog', { ...params });
  return kinds;
}

/** The objects that a schema should hold. */
export function expectedObjects(kinds: Kinds, kind: string): readonly CatalogObject[] {
  const named = kind.startsWith('named ') ? kind.slice('named '.length) : null;
  const { packed } = kinds.find((one) => one.kind === (named === null ? kind : 'public')) ?? {};
  if (packed === undefined) return [];
  const objects = JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString()) as (CatalogObject & {
    readonly schema: string | null;
  })[];
  return objects.filter(({ schema }) => schema === named).map(withText);
}
