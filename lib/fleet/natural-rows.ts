import type { Recording } from '../django/index.js';
import { quoteIdentifier, type DatabaseClient } from '../postgres/index.js';
import { searchPathStatement } from './recording.js';

/**
 * The rows that post_migrate adds, inside of a transaction in which the schemas' last migrations were replayed: what the recorded schema
 * got where a schema had the same rows as that one, and what it lacks of all that is demanded where it had not, because it had lost some.
 */
export async function addRows(
  client: DatabaseClient,
  schemas: readonly string[],
  recording: Recording,
): Promise<void> {
  const { rows } = recording;
  if (rows === null) return;
  // A statement for each is planned faster than one union of all.
  const checks = schemas.map((schema) => rows.check.replaceAll('{schema}', () => quoteIdentifier(schema)));
  const digests = await client.query<{ digest: string | null }>(checks.join(';\n'));
  const scripts = schemas.flatMap((schema, position) =>
    scriptIn(schema, recording, digests[position]?.digest === rows.digest ? rows.added : rows.demanded),
  );
  if (scripts.length > 0) await client.query(scripts.join(';\n'));
}

/** The same for a schema whose last migrations were not replayed, as one script; empty where there is nothing to add. */
export function rowsScriptFor(schema: string, recording: Recording): string {
  return scriptIn(schema, recording, recording.rows?.demanded ?? '').join('');
}

function scriptIn(schema: string, recording: Recording, script: string): string[] {
  return script === '' ? [] : [`${searchPathStatement(schema, recording)};\n${script}`];
}
