import { quoteIdentifier } from '../../postgres/index.js';
import type { Cause } from './cause.js';
import { quoted } from './commands.js';
import type { Scene } from './scene.js';
import { searchPath } from './search-path.js';
import type { Symptom } from './symptom.js';
import { nearest } from '../../text/index.js';

/** What extensions bring, by name: functions, types, operator classes and operators. */
const brought: readonly (readonly [RegExp, string])[] = [
  [/^uuid_(?:generate_v\d\w*|ns_\w+|nil)$/, 'uuid-ossp'],
  [
    /^(?:(?:strict_)?word_similarity\w*|similarity\w*|show_trgm|show_limit|set_limit|g(?:in|ist)_trgm_ops|%>?>?|<<?%|<->)$/,
    'pg_trgm',
  ],
  [/^(?:gen_random_uuid|gen_random_bytes|gen_salt|crypt|digest|hmac|pgp_\w+|armor|dearmor)$/, 'pgcrypto'],
  [/^(?:unaccent\w*)$/, 'unaccent'],
  [/^(?:levenshtein\w*|soundex|difference|metaphone|dmetaphone\w*)$/, 'fuzzystrmatch'],
  [/^citext$/, 'citext'],
  [/^(?:hstore|akeys|avals|skeys|svals)$/, 'hstore'],
  [/^(?:ltree|lquery|ltxtquery|nlevel|subpath|subltree)$/, 'ltree'],
  [/^(?:cube|cube_\w+)$/, 'cube'],
  [/^(?:earth|earth_\w+|ll_to_earth)$/, 'earthdistance'],
  [
    /^(?:geometry|geography|box2d|box3d|st_\w+|addgeometrycolumn|postgis_\w+|g(?:ist|in)_geometry_ops\w*)$/,
    'postgis',
  ],
  [/^(?:raster)$/, 'postgis_raster'],
  [/^(?:vector|halfvec|sparsevec|vector_\w+_ops)$/, 'vector'],
  [/^(?:g(?:ist|in)_(?:int4|int8|text|uuid|date|timestamp\w*|bool|enum)_ops)$/, 'btree_gist'],
  [/^(?:crosstab\w*|connectby|normal_rand)$/, 'tablefunc'],
  [/^(?:dblink\w*)$/, 'dblink'],
  [/^(?:intarray|g(?:in|ist)__int\w*_ops|sort_asc|sort_desc)$/, 'intarray'],
  [/^(?:isbn|isbn13|issn|ean13|upc)$/, 'isn'],
];

/** The extension that brings a function, a type or an operator of this name. */
export function extensionOf(name: string): string | undefined {
  return brought.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
}

/** Why a function, an operator (42883) or a type (42704) does not exist: it comes with an extension, or stands in another schema. */
export async function explainMissingRoutine(symptom: Symptom, scene: Scene): Promise<Cause | undefined> {
  const role = /^role "(.+)" does not exist/.exec(symptom.message)?.[1];
  if (role !== undefined) return explainMissingRole(scene, role);
  const [, kind = '', shown = ''] =
    /^(function|procedure|type|operator class|text search configuration|collation|extension) "?((?:"[^"]*"|[\w.]+))/.exec(
      symptom.message,
    ) ??
    /^(operator) does not exist: \S+ (\S+)/.exec(symptom.message) ??
    [];
  const name = shown.replaceAll('"', '').replace(/^.*\./, '');
  if (name === '') return undefined;
  const stands = await placesOf(scene, kind, name);
  const extension = kind === 'extension' ? name : extensionOf(name);
  if (stands.length > 0) return explainPlaced(scene, { kind, name, extension, stands });
  if (extension === undefined) return undefined;
  const [row] = await scene.database.query<{ schema: string | null; available: boolean }>(
    `select (select n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = $1) as schema,
            exists (select from pg_catalog.pg_available_extensions where name = $1) as available`,
    [extension],
  );
  const brings = kind === 'extension' ? '' : `, which brings ${kind} "${name}",`;
  return {
    code: 'DBB5013',
    message: `extension "${extension}"${brings} is not installed in database "${scene.database.name}"`,
    help:
      row?.available === false
        ? `install the package of the extension on the server (for Debian, postgresql-contrib or postgresql-VERSION-${extension.replace('_', '-')}), then run "create extension ${quoteIdentifier(extension)}"`
        : `run as a superuser, before the task: create extension ${quoteIdentifier(extension)} schema public;`,
    facts: { extension, object: name, available: row?.available ?? false },
  };
}

interface Stand {
  readonly schema: string;
  readonly visible: boolean;
  readonly signature: string;
}

/** Where the catalog has something of this kind and name. */
async function placesOf({ database }: Scene, kind: string, name: string): Promise<readonly Stand[]> {
  const visible = "n.nspname = any($2::name[] || 'pg_catalog'::name)";
  const texts: Readonly<Record<string, string>> = {
    function: `select n.nspname as schema, ${visible} as visible, p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as signature
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where p.proname = $1`,
    type: `select n.nspname as schema, ${visible} as visible, t.typname::text as signature
        from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.typname = $1`,
    'operator class': `select n.nspname as schema, ${visible} as visible, o.opcname::text as signature
        from pg_catalog.pg_opclass o join pg_catalog.pg_namespace n on n.oid = o.opcnamespace where o.opcname = $1`,
    operator: `select distinct n.nspname as schema, ${visible} as visible, o.oprname::text as signature
        from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace where o.oprname = $1 and n.nspname <> 'pg_catalog'`,
  };
  const text = texts[kind === 'procedure' ? 'function' : kind];
  return text === undefined
    ? []
    : database.query<Stand>(`${text} order by 1`, [name, await searchPath({ database })]);
}

function explainPlaced(
  { task }: Scene,
  {
    kind,
    name,
    extension,
    stands,
  }: {
    readonly kind: string;
    readonly name: string;
    readonly extension: string | undefined;
    readonly stands: readonly Stand[];
  },
): Cause | undefined {
  if (stands.some(({ visible }) => visible)) {
    if (kind !== 'function') return undefined;
    const signatures = [...new Set(stands.map(({ signature }) => signature))];
    return {
      code: 'DBB5058',
      message: `function "${name}" exists, and takes other arguments than task "${task.name}" gives it`,
      notes: [{ label: 'it takes', text: signatures.slice(0, 5).join('\n') }],
      help: 'cast the arguments to the types that it takes',
      facts: { object: name },
    };
  }
  const schemas = [...new Set(stands.map(({ schema }) => schema))];
  const [schema = ''] = schemas;
  return {
    code: 'DBB5051',
    message: `${kind} "${name}" exists in schema ${quoted(schemas)}, which task "${task.name}" did not search`,
    help:
      extension === undefined
        ? `write ${quoteIdentifier(schema)} before its name, or add the schema to search_path`
        : `bring the extension where every schema finds it: alter extension ${quoteIdentifier(extension)} set schema public;`,
    facts: { object: name, schemas },
  };
}

async function explainMissingRole({ database, task }: Scene, role: string): Promise<Cause> {
  const rows = await database.query<{ name: string }>(
    `select rolname::text as name from pg_catalog.pg_roles where rolname !~ '^pg_'`,
  );
  const near = nearest(
    role,
    rows.map(({ name }) => name),
  );
  return {
    code: 'DBB5014',
    message: `role "${role}", which task "${task.name}" names, does not exist on this server`,
    help:
      near === undefined
        ? `create it before, in an init script: create role ${quoteIdentifier(role)}`
        : `did you mean "${near}"?`,
    facts: { role },
  };
}
