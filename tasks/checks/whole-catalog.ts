import type { TaskClient } from '../../config/define.js';
import { quoteLiteral } from '../../lib/postgres/index.js';

/**
 * Rows of a statement over the catalog of a whole fleet, without PostgreSQL's compiler: it takes the cost of such a statement for that of
 * a long one, and compiles for longer than it runs. The setting holds for this text alone, also behind a pooler, and takes no second
 * round trip; a text of two statements has no parameters, so that the values stand in it.
 */
export function askCatalog<Row extends object>(
  database: TaskClient,
  text: string,
  values: readonly (string | readonly string[])[] = [],
): Promise<Row[]> {
  const whole = text.replace(/\$(\d+)/g, (_, number) => literal(values[Number(number) - 1] ?? ''));
  return database.query<Row>(`set local jit = off; ${whole}`);
}

function literal(value: string | readonly string[]): string {
  return typeof value === 'string' ? quoteLiteral(value) : `array[${value.map(quoteLiteral).join(', ')}]`;
}
