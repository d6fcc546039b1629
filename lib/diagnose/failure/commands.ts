import { quoteIdentifier } from '../../postgres/index.js';
import type { Inspection } from '../../django/index.js';
import { shellWord } from '../../text/index.js';

/** The command line that migrates one schema: django_tenants' where the project has tenants, else Django's. */
export function migrateCommand(
  inspection: Pick<Inspection, 'tenancy'>,
  schema: string,
  ...args: readonly string[]
): string {
  const words = inspection.tenancy ? ['migrate_schemas', `--schema=${shellWord(schema)}`] : ['migrate'];
  return ['python manage.py', ...words, ...args].join(' ');
}

/** A relation with its schema, quoted for SQL. */
export function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Names in quotes, as many as a person reads. */
export function quoted(names: readonly string[], limit = 5): string {
  const shown = names.slice(0, limit).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
