import type { TaskHost } from '../../config/define.js';
import { ownCode, type ExpectedTable } from '../../lib/django/index.js';
import type { ModelDifference } from './model-differences.js';

/**
 * Without the columns that migrations themselves make otherwise than the models say, by SQL or code: where a migration of the app
 * names the column and all that the catalog has beyond the model, such as `collate "C"` or another type.
 */
export async function withoutOwnCode(
  host: TaskHost,
  differences: readonly ModelDifference[],
  tables: readonly ExpectedTable[],
): Promise<readonly ModelDifference[]> {
  const apps = new Map(tables.map(({ table, app }) => [table, app]));
  const asked = differences.flatMap((difference) => {
    const { expected, found } = difference;
    if (expected?.kind !== 'column' || !found) return [];
    const more = wordsOf(found.definition).filter((word) => !wordsOf(expected.definition).includes(word));
    if (more.length === 0) return [];
    return [{ difference, app: apps.get(found.table) ?? '', words: [found.name, ...more] }];
  });
  if (asked.length === 0) return differences;
  const says = await ownCode(
    host,
    asked.map(({ app, words }) => ({ app, words })),
  );
  const made = new Set(asked.flatMap(({ difference }, index) => (says[index] === true ? [difference] : [])));
  return differences.filter((difference) => !made.has(difference));
}

function wordsOf(definition: string): readonly string[] {
  return definition.split(' ');
}
