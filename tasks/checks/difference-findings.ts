import type { Finding } from '../../config/define.js';
import { quoteIdentifier, quoteLiteral } from '../../lib/postgres/index.js';
import type { ModelDifference } from './model-differences.js';
import { nounOf, ownerLacks, repairStatements } from './object-statements.js';
import type { Place } from './places.js';

/** How many schemas a note names. */
const named = 10;

/** One finding for each thing that differs, with the schemas in which it does. */
export function differenceFindings(
  differences: readonly ModelDifference[],
  places: readonly Place[],
): readonly Finding[] {
  return differences.map((difference) => {
    const all = places.filter(({ kind }) => kind === difference.kind).length;
    return finding(difference, all);
  });
}

function finding(difference: ModelDifference, all: number): Finding {
  const { kind, expected, found, schemas } = difference;
  const object = expected ?? found;
  if (!object) throw new Error('a difference without an object');
  const { table, name } = object;
  const noun = nounOf(object);
  const [schema = ''] = schemas;
  const alone = schemas.length === 1;
  const where = alone
    ? `in schema "${schema}"`
    : `in ${String(schemas.length)} of ${String(all)} ${tenants(kind)}`;
  const is = `${noun} "${name}" of table "${table}"`;
  const lacks = found && ownerLacks(found);
  const lines = [
    ...(expected ? [{ label: 'expected', text: expected.text }] : []),
    ...(found ? [{ label: 'found', text: found.text }] : []),
    ...(alone ? [] : [{ label: 'schemas', text: listed(schemas) }]),
    ...(schemas.length === all && expected && !lacks ? [{ label: 'new schemas', text: lasting }] : []),
  ];
  return {
    code: 'DBB6098',
    message: lacks
      ? `${lacks.owner}, the owner of ${lacks.on}, lacks the ${lacks.rights.includes(',') ? 'privileges' : 'privilege'} ${lacks.rights} ${where}`
      : !expected
        ? `${is} is unknown to the models, not null and without a default ${where}: inserts by Django fail`
        : found
          ? `${is} is not as the models have it ${where}`
          : `${is}, which the models declare, does not exist ${where}`,
    notes: lines,
    help: `run: ${inSchemas(schemas, repairStatements(expected, found))}`,
    facts: {
      ...(alone ? { schema } : {}),
      schemas,
      table,
      ...(noun === 'column' ? { column: name } : {}),
      object: name,
      definition: object.text,
    },
    subject: { ...(alone ? { schema } : { schemas: listed(schemas) }), table, [noun]: name },
  };
}

const lasting =
  'if the migrations never make it, execute the same statements in a migration as well, with migrations.RunSQL';

function tenants(kind: string): string {
  return kind === 'tenant' ? 'tenants' : `tenants of type "${kind.slice('tenant '.length)}"`;
}

function listed(schemas: readonly string[]): string {
  const more = schemas.length - named;
  return `${schemas.slice(0, named).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

/** The statements in each schema; in several, with a transaction for each, so that locks do not add up. */
function inSchemas(schemas: readonly string[], statements: string): string {
  const [schema = ''] = schemas;
  if (schemas.length === 1) return `set search_path to ${quoteIdentifier(schema)}, public; ${statements}`;
  const list = `array[${schemas.map((one) => quoteLiteral(one).trim()).join(', ')}]`;
  const quote = statements.includes('$$') ? '$repair$' : '$$';
  return `do ${quote} declare s text; begin foreach s in array ${list} loop perform set_config('search_path', quote_ident(s) || ', public', true); ${statements} commit; end loop; end ${quote};`;
}
