import type { MigrationRecording, RecordedSegment, Recording } from '../django/index.js';
import { quoteIdentifier, quoteLiteral } from '../postgres/index.js';

/** The statements that replay a segment in one schema, as one text, for inside a transaction. */
export function scriptFor(schema: string, recording: Recording, segment: RecordedSegment): string {
  const { segments, prelude } = recording;
  const parts = [...searchPath(schema, recording), ...(segment === segments[0] ? prelude : [])];
  for (const { statements, writes } of segment.migrations) {
    parts.push(...statements);
    // Each migration was a transaction of its own, at whose end deferred constraints were checked.
    if (writes) parts.push('set constraints all immediate', 'set constraints all deferred');
  }
  // Here they are one, so what they record is recorded at once.
  const records = segment.migrations.flatMap((migration) => migration.records);
  if (records.length > 0) parts.push(recordStatement(records));
  if (segment === segments.at(-1)) parts.push(...naturalRows(recording));
  return joined(parts);
}

/** The rows that post_migrate adds, for a schema whose last migrations were applied by Django alone; empty where there are none. */
export function rowsScriptFor(schema: string, recording: Recording): string {
  const rows = naturalRows(recording);
  return rows.length === 0 ? '' : joined([...searchPath(schema, recording), ...rows]);
}

function searchPath(schema: string, recording: Recording): string[] {
  return [`set local search_path = ${searchPathOf(schema, recording)}`];
}

/** What a tenant's search_path is set to. */
export function searchPathOf(schema: string, { searchPath }: Recording): string {
  return searchPath.map((part) => quoteIdentifier(part ?? schema)).join(', ');
}

function joined(parts: readonly string[]): string {
  return parts.map((part) => part.replace(/;\s*$/, '')).join(';\n');
}

/** The rows that say that migrations were applied. */
export function recordStatement(records: MigrationRecording['records']): string {
  const rows = records.map(
    ({ app, name }) => `(${quoteLiteral(app)}, ${quoteLiteral(name)}, clock_timestamp())`,
  );
  return `insert into django_migrations (app, name, applied) values ${rows.join(', ')}`;
}

/** Content types and permissions that post_migrate has added to the canary, by their natural keys: ids differ between schemas. */
function naturalRows({ contentTypes, permissions }: Recording): string[] {
  const statements = [];
  const list = (rows: readonly (readonly string[])[]): string =>
    rows
      .map((row, position) => `(${String(position)}, ${row.map((value) => quoteLiteral(value)).join(', ')})`)
      .join(', ');
  if (contentTypes.length > 0)
    statements.push(
      `insert into django_content_type (app_label, model)
         select w.app_label, w.model from (values ${list(contentTypes)}) as w(position, app_label, model)
          where not exists (select from django_content_type t where (t.app_label, t.model) = (w.app_label, w.model))
          order by w.position`,
    );
  if (permissions.length > 0)
    statements.push(
      `insert into auth_permission (name, content_type_id, codename)
         select w.name, t.id, w.codename from (values ${list(permissions)}) as w(position, app_label, model, codename, name)
           join django_content_type t on (t.app_label, t.model) = (w.app_label, w.model)
          where not exists (select from auth_permission p where (p.content_type_id, p.codename) = (t.id, w.codename))
          order by w.position`,
    );
  return statements;
}
