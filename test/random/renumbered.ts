import { Client, escapeIdentifier } from 'pg';
import { pictureOf } from '../support/fleet.js';

interface Numbered {
  readonly table: string;
  readonly column: string;
  readonly sequence: string;
}

interface Reference {
  readonly table: string;
  readonly column: string;
  readonly to: string;
}

/**
 * The picture of a database whose rows are numbered without gaps. A sequence does not go back when what took its numbers is rolled
 * back, not for Django either: after a fault the rows are those of an undisturbed migration, in the same order, with higher numbers.
 * A server that crashed leaves out numbers as well, in every sequence that it knows as used not long ago. Nothing but the numbers is changed, and references follow them. Where rows lie in a table is left out as well: what was rolled back
 * has lain there before them.
 */
export async function renumberedPicture(url: string, schemas: readonly string[]): Promise<string> {
  const client = new Client(url);
  await client.connect();
  try {
    // No trigger looks at references while they are changed.
    await client.query('begin; set local session_replication_role = replica');
    const { rows: numbered } = await client.query<Numbered>(
      `select c.oid::regclass::text as table, quote_ident(a.attname) as column, d.objid::regclass::text as sequence
         from pg_depend d
         join pg_class q on q.oid = d.objid and q.relkind = 'S'
         join pg_class c on c.oid = d.refobjid
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and n.nspname = any($1)`,
      [[...schemas, 'public']],
    );
    const { rows: references } = await client.query<Reference>(
      `select o.conrelid::regclass::text as table, quote_ident(a.attname) as column, o.confrelid::regclass::text as to
         from pg_constraint o join pg_attribute a on a.attrelid = o.conrelid and a.attnum = o.conkey[1]
        where o.contype = 'f' and cardinality(o.conkey) = 1`,
    );
    for (const [index, { table, column }] of numbered.entries()) {
      const map = escapeIdentifier(`numbers_${String(index)}`);
      await client.query(
        `create temp table ${map} on commit drop as
           select ${column} as before, row_number() over (order by ${column}) as after from ${table}`,
      );
      const following = references.filter(({ to }) => to === table);
      for (const each of [{ table, column }, ...following]) {
        // Below zero first, where no row can be in the way.
        await client.query(
          `update ${each.table} set ${each.column} = -m.after from ${map} m where m.before = ${each.table}.${each.column};
           update ${each.table} set ${each.column} = -${each.column} where ${each.column} < 0`,
        );
      }
    }
    for (const { table, column, sequence } of numbered)
      await client.query(
        `select setval('${sequence.replaceAll("'", "''")}', greatest(1, max(${column})), count(*) > 0) from ${table}`,
      );
    await client.query('commit');
  } finally {
    await client.end();
  }
  return withSortedRows(await pictureOf(url));
}

function withSortedRows(picture: string): string {
  return picture.replace(
    /(?:^INSERT INTO .*\n)+/gm,
    (rows) => rows.split('\n').filter(Boolean).sort().join('\n') + '\n',
  );
}
