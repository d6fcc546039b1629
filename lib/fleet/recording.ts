import type { MigrationRecording, RecordedSegment, Recording } from '../django/index.js';
import { quoteIdentifier, quoteLiteral } from '../postgres/index.js';

/** The statements that replay a segment in one schema, as one text, for inside a transaction. */
export function scriptFor(schema: string, recording: Recording, segment: RecordedSegment): string {
  const { segments, prelude } = recording;
  const parts = [searchPathStatement(schema, recording), ...(segment === segments[0] ? prelude : [])];
  for (const { statements, writes } of segment.migrations) {
    parts.push(...statements);
    // Each migration was a transaction of its own, at whose end deferred constraints were checked.
    if (writes) parts.push('set constraints all immediate', 'set constraints all deferred');
  }
  // Here they are one, so what they record is recorded at once.
  const records = segment.migrations.flatMap((migration) => migration.records);
  if (records.length > 0) parts.push(recordStatement(schema, records));
  return joined(parts);
}

/** Has a transaction's statements mean what they meant in Django's session, and make what is owned as it is there. */
export function sessionStatements({ session }: Recording, scope: 'local' | 'session' = 'local'): string {
  return Object.entries(session)
    .map(([name, value]) => `set ${scope} ${quoteIdentifier(name)} = ${quoteLiteral(value)};\n`)
    .join('');
}

/** Sets the search_path of a transaction. */
export function searchPathStatement(schema: string, recording: Recording): string {
  return `set local search_path = ${searchPathOf(schema, recording)}`;
}

/** What a tenant's search_path is set to. */
export function searchPathOf(schema: string, { searchPath }: Recording): string {
  return searchPath.map((part) => quoteIdentifier(part ?? schema)).join(', ');
}

function joined(parts: readonly string[]): string {
  return parts.map((part) => part.replace(/;\s*$/, '')).join(';\n');
}

/** The rows that say that migrations were applied to a schema; never those of another one on the search_path that has such a table. */
export function recordStatement(schema: string, records: MigrationRecording['records']): string {
  const rows = records.map(
    ({ app, name }) => `(${quoteLiteral(app)}, ${quoteLiteral(name)}, clock_timestamp())`,
  );
  return `insert into ${quoteIdentifier(schema)}.django_migrations (app, name, applied) values ${rows.join(', ')}`;
}
