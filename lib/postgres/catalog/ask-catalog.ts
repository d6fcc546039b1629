import type { DatabaseClient } from '../database.js';
import { quoteLiteral } from '../identifiers.js';

/**
 * Returns the rows of a query over the catalog of a whole fleet. Turns JIT off, because PostgreSQL overestimates the cost of such a query
 * and compiles it for longer than it runs. Sets search_path to pg_catalog, so that PostgreSQL writes all other names with their schema.
 * Both settings end with this text, even behind a pooler, and need no second round trip. A text of several statements cannot have
 * parameters, so the values are inserted as literals.
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
