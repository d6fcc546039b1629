import { BootstrapError } from '../../errors/index.js';
import { quoteIdentifier, type DatabaseClient } from '../../postgres/index.js';

/** Something in the ledger's schema through which another role could run code as ours. */
interface Foreign {
  readonly kind: 'schema' | 'relation' | 'trigger' | 'rule';
  readonly name: string;
  readonly on: string | null;
  readonly owner: string;
  readonly me: string;
}

/**
 * Throws DBB4030 where the ledger is not ours: another role that may create schemas could have made it first, with a trigger or a rule
 * that runs with the rights of whoever writes here. Trusted are our own role, roles of which it is a member, superusers, and the owner of
 * the database, whose tables our role works on anyway. The ledger itself has no trigger and no rule.
 */
export async function refuseForeign(
  client: DatabaseClient,
  schema: string,
  tables: readonly string[],
): Promise<void> {
  // Functions and types are qualified, and operands have the very types of the operators: nothing of a search_path is called.
  const [found] = await client.query<Foreign>(
    `with me as (select r.oid, r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user),
       trusted as (
         select r.oid from pg_catalog.pg_roles r, me
          where r.rolsuper or r.oid = me.oid or r.rolname = 'pg_database_owner'::pg_catalog.name
             or (not me.rolsuper and pg_catalog.pg_has_role(r.oid, 'MEMBER'::pg_catalog.text))
         union select d.datdba from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
       ),
       relations as (
         select c.oid, c.relname, c.relowner, c.relkind, n.nspowner
           from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where n.nspname = $1::pg_catalog.name and c.relname = any($2::pg_catalog.name[])
       ),
       found as (
         select 1 as place, 'schema' as kind, n.nspname as name, null::pg_catalog.name as on, n.nspowner as owner
           from pg_catalog.pg_namespace n where n.nspname = $1::pg_catalog.name and n.nspowner not in (select oid from trusted)
         union all
         select 2, 'relation', relname, null, relowner from relations
          where relowner not in (select oid from trusted) or relkind <> 'r'
         union all
         select 3, 'trigger', t.tgname, r.relname, p.proowner
           from pg_catalog.pg_trigger t join relations r on r.oid = t.tgrelid join pg_catalog.pg_proc p on p.oid = t.tgfoid
          where not t.tgisinternal
         union all
         select 4, 'rule', w.rulename, r.relname, r.relowner
           from pg_catalog.pg_rewrite w join relations r on r.oid = w.ev_class where r.relkind = 'r'
       )
     select kind, name::pg_catalog.text, "on"::pg_catalog.text, pg_catalog.pg_get_userbyid(owner)::pg_catalog.text as owner,
            current_user::pg_catalog.text as me
       from found order by place, name limit 1`,
    [schema, tables],
  );
  if (found) throw refusal(schema, found);
}

function refusal(schema: string, { kind, name, on, owner, me }: Foreign): BootstrapError {
  const home = quoteIdentifier(schema);
  const ofTable = kind === 'trigger' || kind === 'rule';
  return new BootstrapError({
    code: 'DBB4030',
    message: ofTable
      ? `the ledger is refused: its table "${schema}.${on ?? ''}" has the ${kind} "${name}", which would run as role "${me}"`
      : `the ledger is refused: ${kind} "${name}" belongs to role "${owner}", which could run code as role "${me}" through it`,
    notes: [{ label: 'not done', text: 'nothing was read from the ledger or written to it' }],
    help: ofTable
      ? `drop it: drop ${kind} ${quoteIdentifier(name)} on ${home}.${quoteIdentifier(on ?? '')}`
      : `find out who made it, then drop it: drop schema ${home} cascade; or set another schema: "ledger: { schema: NAME }"`,
    facts: { schema, owner },
  });
}
