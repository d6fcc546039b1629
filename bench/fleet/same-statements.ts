import { quoteIdentifier, quoteLiteral } from '../../lib/postgres/index.js';

interface Recorded {
  readonly prelude: readonly string[];
  readonly segments: readonly {
    readonly migrations: readonly {
      readonly statements: readonly string[];
      readonly records: readonly { readonly app: string; readonly name: string }[];
    }[];
  }[];
}

/** A script for psql of what `db-bootstrap record --json` has told of one tenant, for each of these: a transaction for each. */
export function sameStatements(json: string, schemas: readonly string[]): string {
  const { prelude, segments } = JSON.parse(json) as Recorded;
  const statements = [...prelude];
  for (const { migrations } of segments)
    for (const { statements: own, records } of migrations) {
      statements.push(...own);
      for (const { app, name } of records)
        statements.push(
          `insert into django_migrations (app, name, applied) values (${quoteLiteral(app)}, ${quoteLiteral(name)}, now())`,
        );
    }
  const body = statements.map((statement) => `${statement.replace(/;\s*$/, '')};\n`).join('');
  return schemas
    .map((schema) => `begin;\nset local search_path = ${quoteIdentifier(schema)}, public;\n${body}commit;\n`)
    .join('');
}
