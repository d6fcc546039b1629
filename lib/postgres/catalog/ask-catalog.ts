import type { DatabaseClient } from '../database.js';
import { quoteLiteral } from '../identifiers.js';

/**
 * Rows of a statement over the catalog of a whole fleet. PostgreSQL's compiler is off: it takes the cost of such a statement for that of
 * a long one, and compiles for longer than it runs. The search_path is pg_catalog alone, so that every other name is written with its
 * schema. Both hold for this text alone, also behind a pooler, and take no second round trip; a text of several statements has no
 * parameters, so the values are written into it.
 */
export function askCatalog<Row extends object>(
  database: DatabaseClient,
  text: string,
  values: readonly (string | readonly string[])[] = [],
): Promise<Row[]> {
  const whole = text.replace(/\$(\d+)/g, (_, number) => literal(values[Number(number) - 1] ?? ''));
  return database.query<Row>(`set local jit = off; set local search_path = pg_catalog; ${whole}`);
}

function literal(value: string | readonly string[]): string {
  return typeof value === 'string' ? quoteLiteral(value) : `array[${value.map(quoteLiteral).join(', ')}]`;
}
