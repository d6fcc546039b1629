import { expectedTables } from '../../django/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Rule } from '../rule.js';

interface Limits {
  readonly connections: number;
  readonly prepared: number;
  readonly locks: number;
  readonly reserved: number;
  readonly used: number;
  readonly role: string;
  readonly database: string;
  readonly rolelimit: number;
  readonly roleused: number;
  readonly databaselimit: number;
  readonly databaseused: number;
  readonly fleet: number;
  readonly largest: number;
}

// Our own sessions, of a run as of a doctor, are among those that are needed. Some schemas tell how large one is, and what depends on
// a schema is looked up, which reading the catalog of a thousand is not.
const limitsQuery = `
  with other as (select * from pg_stat_activity where coalesce(application_name, '') not like 'db-bootstrap/%')
  select current_setting('max_connections')::integer as connections,
         current_setting('max_prepared_transactions')::integer as prepared,
         current_setting('max_locks_per_transaction')::integer as locks,
         case when r.rolsuper then 0 else current_setting('superuser_reserved_connections')::integer
           + coalesce(current_setting('reserved_connections', true)::integer, 0) end as reserved,
         (select count(*)::integer from other where datid is not null and coalesce(backend_type, 'client backend') = 'client backend') as used,
         current_user::text as role, current_database()::text as database,
         case when r.rolsuper then -1 else r.rolconnlimit end as rolelimit,
         (select count(*)::integer from other where usesysid = r.oid) as roleused,
         case when r.rolsuper then -1 else d.datconnlimit end as databaselimit,
         (select count(*)::integer from other where datid = d.oid) as databaseused,
         (select count(*)::integer from pg_class where relname = 'django_migrations' and relkind in ('r', 'p')) as fleet,
         coalesce((select max(n)::integer from (
           select count(*) as n
             from (select relnamespace from pg_class where relname = 'django_migrations' and relkind in ('r', 'p') limit 10) as s
             join pg_depend d on d.refclassid = 'pg_namespace'::regclass and d.refobjid = s.relnamespace and d.classid = 'pg_class'::regclass
             join pg_class c on c.oid = d.objid and c.relkind in ('r', 'p', 'S')
             cross join lateral (select c.oid union all select indexrelid from pg_index where indrelid = c.oid) as relation
            group by s.relnamespace) as schemas), 0) as largest
    from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()`;

/** Connections beside those of the tasks: the lock, the ledger and single statements, Django. */
const beside = 3;
/** A table comes with its sequence, the index of its key, and one more of either: what is not yet in the catalog is counted so. */
const relationsOfTable = 4;

/** The server has too few connections for the workflow, or too few locks for the fleet. */
export const limits: Rule = {
  name: 'limits',
  reads: ['workflow', 'database'],
  find: async ({ workflow, database, host }) => {
    const [row] = (await database?.query<Limits>(limitsQuery)) ?? [];
    if (!workflow || !row) return [];
    const enabled = [...workflow.tasks.values()].filter((task) => task.enabled);
    const concurrency = Math.min(workflow.concurrency, enabled.length);
    const migrates = enabled.some(({ use }) => use === 'tenant-migrations' || use === 'migrate');
    // Before there is any tenant, the models say how large one will be. That they cannot be loaded is told by other rules.
    const expected = row.fleet <= 1 && migrates && host ? await expectedTables(host).catch(() => []) : [];
    const tables = expected.filter(({ tenant }) => tenant).length;
    return [
      ...tooFewConnections(row, concurrency),
      ...tooFewLocks(row, Math.max(row.largest, tables * relationsOfTable)),
    ];
  },
};

function tooFewConnections(row: Limits, concurrency: number): Diagnosis[] {
  const needed = concurrency + beside;
  const bounds = [
    { setting: 'max_connections', limit: row.connections - row.reserved, used: row.used },
    { setting: 'CONNECTION LIMIT of the role', limit: row.rolelimit, used: row.roleused },
    { setting: 'CONNECTION LIMIT of the database', limit: row.databaselimit, used: row.databaseused },
  ].filter(({ limit }) => limit >= 0);
  const [bound] = bounds
    .map((each) => ({ ...each, free: each.limit - each.used }))
    .sort((a, b) => a.free - b.free);
  if (!bound || bound.free >= needed) return [];
  const { setting, limit, used, free } = bound;
  const reserved = setting === 'max_connections' ? row.reserved : 0;
  const raise = {
    max_connections: 'raise max_connections',
    'CONNECTION LIMIT of the role': `raise the CONNECTION LIMIT of role "${row.role}"`,
    'CONNECTION LIMIT of the database': `raise the CONNECTION LIMIT of database "${row.database}"`,
  }[setting];
  const fitting = free - beside;
  return [
    {
      code: 'DBB4045',
      message: `the workflow needs ${String(needed)} connections, and ${String(Math.max(0, free))} are free`,
      subject: { setting, role: row.role, database: row.database },
      expected: `at least ${String(needed)} free connections`,
      actual: `${setting} = ${String(limit + reserved)}, of which ${String(reserved)} are reserved and ${String(used)} are in use`,
      evidence: [
        `concurrency ${String(concurrency)}, and ${String(beside)} for the lock, the ledger and Django`,
      ],
      help: `${raise ?? 'raise it'} to at least ${String(needed + reserved + used)}${fitting > 0 ? `, or set "concurrency: ${String(fitting)}"` : ', or end idle connections'}`,
    },
  ];
}

function tooFewLocks(row: Limits, largest: number): Diagnosis[] {
  const slots = row.connections + row.prepared;
  const room = row.locks * slots;
  // A question to all tenants reads the table of each, and opens its index; a tenant is made in one transaction.
  const demands = [
    {
      needed: row.fleet * 2,
      evidence: `${String(row.fleet)} schemas with django_migrations, each a table and its index`,
    },
    {
      needed: largest,
      evidence: `${String(largest)} tables, indexes and sequences in the largest schema, made in one transaction`,
    },
  ].sort((a, b) => b.needed - a.needed);
  const [demand] = demands;
  if (!demand || demand.needed <= room) return [];
  return [
    {
      code: 'DBB4046',
      message: `the fleet needs ${String(demand.needed)} locks at once, and the server has room for ${String(room)}`,
      subject: { setting: 'max_locks_per_transaction', database: row.database },
      expected: `room for at least ${String(demand.needed)} locks`,
      actual: `${String(room)} = max_locks_per_transaction ${String(row.locks)} × (max_connections ${String(row.connections)} + max_prepared_transactions ${String(row.prepared)})`,
      evidence: [demand.evidence],
      help: `set max_locks_per_transaction to at least ${String(Math.ceil((demand.needed * 1.25) / slots))} and restart the server`,
    },
  ];
}
