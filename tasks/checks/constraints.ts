import * as z from 'zod/mini';
import { defineTask, type Finding } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';
import { limitFindings } from './limit.js';
import { ofNoExtension, qualified } from './words.js';
import { counted } from '../../lib/text/index.js';

const options = z.strictObject({});

interface Row {
  readonly schema: string;
  readonly table: string;
  readonly constraint: string;
  readonly definition: string;
  /** False: it holds for new rows alone. */
  readonly validated: boolean;
}

/** Every constraint holds for every row. */
export const checkConstraints = defineTask({
  kind: 'check-constraints',
  description: 'Every constraint is validated and enforced, in every schema.',
  options,
  check: true,
  run: async ({ database }) => {
    // Constraints that are declared as not enforced (from PostgreSQL 18 on) are as somebody wanted them.
    const rows = await database.query<Row>(
      `select n.nspname as schema, c.relname as "table", k.conname as "constraint",
              pg_catalog.pg_get_constraintdef(k.oid) as definition, k.convalidated as validated
         from pg_catalog.pg_constraint k
         join pg_catalog.pg_class c on c.oid = k.conrelid
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and k.conparentid = 0
          and ${ofNoExtension('c.oid')}
          and (not k.convalidated and (pg_catalog.to_jsonb(k) -> 'conenforced') is distinct from 'false'::jsonb
            or k.oid in (select t.tgconstraint from pg_catalog.pg_trigger t where t.tgisinternal and t.tgenabled = 'D'))
        order by 1, 2, 3`,
    );
    return {
      changed: false,
      summary:
        rows.length === 0 ? 'all constraints are valid' : `${counted(rows.length, 'constraint')} not valid`,
      findings: limitFindings(rows.map(finding), 'constraints'),
    };
  },
});

function finding({ schema, table, constraint, definition, validated }: Row): Finding {
  const name = `constraint "${constraint}" of table "${table}" in schema "${schema}"`;
  return {
    code: 'DBB6085',
    message: validated
      ? `${name} is not enforced: its triggers are disabled`
      : `${name} was never validated: rows from before it may break it`,
    help: validated
      ? `run: alter table ${qualified(schema, table)} enable trigger all;`
      : `run: alter table ${qualified(schema, table)} validate constraint ${quoteIdentifier(constraint)};`,
    facts: { schema, table, constraint, definition },
    subject: { schema, table, constraint },
  };
}
