import type { TaskClient } from '../../config/define.js';
import type { ModelCatalog } from '../../lib/django/index.js';
import {
  contentOf,
  digestSchemas,
  mentions,
  readObjects,
  type CatalogObject,
} from '../../lib/postgres/index.js';
import { groupBy } from './group-by.js';
import { expectedObjects } from './model-catalog.js';
import { ownerLacks } from './object-statements.js';
import type { Place } from './places.js';

/** A difference between models and catalog: an object is missing or has another definition, or a column refuses the rows that Django inserts. */
export interface ModelDifference {
  readonly kind: string;
  /** Undefined for a column that the models do not have. */
  readonly expected: CatalogObject | undefined;
  /** The object of the catalog that corresponds to `expected`. */
  readonly found: CatalogObject | undefined;
  readonly schemas: readonly string[];
}

/** The differences of each kind of schema, with the schemas that have them. Of schemas with the same digest, one is compared. */
export async function findModelDifferences(
  database: TaskClient,
  kinds: ModelCatalog['kinds'],
  places: readonly Place[],
  decided: (schema: string) => readonly string[] | undefined,
): Promise<readonly ModelDifference[]> {
  const digests = await digestSchemas(
    database,
    places.map(({ schema }) => schema),
  );
  const alike = groupBy(places, ({ schema, kind }) => `${kind} ${digests.get(schema)?.digest ?? ''}`);
  const found = new Map<string, ModelDifference>();
  const expected = new Map<string, readonly CatalogObject[]>();
  for (const group of alike) {
    const [first] = group;
    if (!first) continue;
    const { kind, schema } = first;
    const wanted = expected.get(kind) ?? expectedObjects(kinds, kind);
    expected.set(kind, wanted);
    for (const difference of compare(wanted, await readObjects(database, [schema]))) {
      const key = [kind, ...[difference.expected, difference.found].map((one) => one && contentOf(one))].join(
        '\n',
      );
      const schemas = [...(found.get(key)?.schemas ?? []), ...group.map((place) => place.schema)];
      found.set(key, { kind, ...difference, schemas });
    }
  }
  return [...found.values()].flatMap((one) => {
    const schemas = one.schemas.filter((schema) => isExpected(one, decided(schema)));
    return schemas.length === 0 ? [] : [{ ...one, schemas }];
  });
}

/** Whether a difference counts in a schema whose tables the project's own router chooses: tables that the router refuses, and foreign keys to them, do not count. */
function isExpected({ expected, found }: Pair, tables: readonly string[] | undefined): boolean {
  if (tables === undefined) return true;
  const to = expected?.toTable;
  if (to && tables.includes(to) !== (expected.toSchema === null)) return false;
  const table = (expected ?? found)?.table ?? '';
  return table === records || tables.includes(table);
}

type Pair = Pick<ModelDifference, 'expected' | 'found'>;

/** Django's table of applied migrations, which belongs to no app. */
const records = 'django_migrations';

/** Ignores missing tables, and missing columns of apps: `findMissing` reports them. */
function compare(expected: readonly CatalogObject[], found: readonly CatalogObject[]): readonly Pair[] {
  const theirs = byTable(found);
  const models = byTable(expected);
  const rights = found.filter((one) => models.has(one.table) && ownerLacks(one) !== undefined);
  const differences = [...models].flatMap(([table, wanted]): readonly Pair[] => {
    const there = theirs.get(table) ?? [];
    const [relation] = there.filter(({ kind }) => kind === 'table');
    // A view with the table's name has columns, but neither constraints nor not-null rules.
    if (!relation || !/^(partitioned )?table/.test(relation.definition)) return [];
    const columns = compareColumns(wanted, there);
    const changed = columns.flatMap(({ expected: column }) => column?.name ?? []);
    // A column whose type differs changes the definition of its indexes: report the column alone.
    const rules = compareRules(wanted, there).filter(
      ({ expected: rule, found: other }) =>
        !other || !changed.some((name) => rule && mentions(rule, name) && mentions(other, name)),
    );
    return [...columns, ...rules];
  });
  return [...rights.map((one) => ({ expected: undefined, found: one })), ...differences];
}

function byTable(objects: readonly CatalogObject[]): ReadonlyMap<string, readonly CatalogObject[]> {
  const tables = new Map<string, CatalogObject[]>();
  for (const object of objects) {
    const list = tables.get(object.table);
    if (list) list.push(object);
    else tables.set(object.table, [object]);
  }
  return tables;
}

function compareColumns(wanted: readonly CatalogObject[], there: readonly CatalogObject[]): readonly Pair[] {
  const columns = (objects: readonly CatalogObject[]): ReadonlyMap<string, CatalogObject> =>
    new Map(objects.flatMap((one) => (one.kind === 'column' ? [[one.name, one]] : [])));
  const [models, catalog] = [columns(wanted), columns(there)];
  const lost = [...models.values()].filter(({ table, name }) => table === records && !catalog.has(name));
  const others = [...catalog.values()].flatMap((found): Pair[] => {
    const expected = models.get(found.name);
    if (expected) return does(expected, found) ? [] : [{ expected, found }];
    // Django inserts only the columns of its models, so an extra column fails inserts if it is not null and has no default.
    const needed = found.definition.includes(' not null') && !found.definition.includes(' generated always');
    return needed && found.detail === '' ? [{ expected, found }] : [];
  });
  return [...lost.map((expected) => ({ expected, found: undefined })), ...others];
}

/** Compares constraints and indexes by definition, not by name. Ignores additional ones in the catalog: somebody made them on purpose. */
function compareRules(wanted: readonly CatalogObject[], there: readonly CatalogObject[]): readonly Pair[] {
  const rules = (objects: readonly CatalogObject[]): CatalogObject[] =>
    objects.filter(({ kind }) => kind === 'constraint' || kind === 'index');
  const columns = new Set(there.flatMap(({ kind, name }) => (kind === 'column' ? [name] : [])));
  const gone = wanted.filter(({ kind, name }) => kind === 'column' && !columns.has(name));
  const left = rules(there).filter((found) => !rules(wanted).some((expected) => does(expected, found)));
  return rules(wanted)
    .filter((expected) => !rules(there).some((found) => does(expected, found)))
    .filter((expected) => !gone.some(({ name }) => mentions(expected, name)))
    .map((expected) => ({ expected, found: counterpart(expected, left) }));
}

/** Whether an object of the catalog fulfils the models' expectation; additional properties do no harm. */
function does(expected: CatalogObject, found: CatalogObject): boolean {
  return (
    expected.kind === found.kind &&
    isDefinedAs(expected, found) &&
    (expected.detail === '' || expected.detail === found.detail) &&
    expected.toSchema === found.toSchema &&
    expected.toTable === found.toTable
  );
}

/**
 * Whether the definitions are the same. The key of a hidden many-to-many table may have any type: an expected definition that begins with
 * a blank is the end of the column's, and if there is none, the texts are compared, which do not contain types.
 */
function isDefinedAs(expected: CatalogObject, found: CatalogObject): boolean {
  if (expected.definition === '') return expected.text === found.text;
  return expected.definition.startsWith(' ')
    ? found.definition.endsWith(expected.definition)
    : found.definition === expected.definition;
}

/** The object of the catalog that corresponds to an expected one: it has the same name or the same columns. */
function counterpart(expected: CatalogObject, left: readonly CatalogObject[]): CatalogObject | undefined {
  const columnsOf = ({ text }: CatalogObject): string => /\(([^()]*)\)/.exec(text)?.[1] ?? '';
  const alike = left.filter(({ kind }) => kind === expected.kind);
  const verb = (one: CatalogObject): string => one.definition.split('|')[0] ?? '';
  return (
    alike.find(({ name }) => name === expected.name) ??
    (expected.toTable === null
      ? undefined
      : alike.find((one) => verb(one) === verb(expected) && columnsOf(one) === columnsOf(expected)))
  );
}
