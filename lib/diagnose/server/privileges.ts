import { quoteIdentifier } from '../../postgres/index.js';
import { states } from '../../django/index.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { counted } from '../../text/index.js';

interface Rights {
  readonly role: string;
  readonly database: string;
  readonly version: string;
  readonly owner: string | null;
  readonly schemas: boolean;
  readonly tables: boolean | null;
  readonly present: readonly string[];
  readonly recorded: boolean;
}

/** The role may not create what the workflow is to create: schemas of tenants, or tables in the public schema. */
export const privileges: Rule = {
  name: 'privileges',
  reads: ['workflow', 'database'],
  find: async (evidence) => {
    const { workflow, database } = evidence;
    if (!workflow || !database) return [];
    const kinds = new Set(
      [...workflow.tasks.values()].filter(({ enabled }) => enabled).map(({ use }) => use),
    );
    const [rights] = await database.query<Rights>(
      `select current_user::text as role, current_database()::text as database, current_setting('server_version') as version,
              (select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = 'public') as owner,
              has_database_privilege(current_database(), 'CREATE') as schemas,
              (select has_schema_privilege(oid, 'CREATE') from pg_namespace where nspname = 'public') as tables,
              (select coalesce(array_agg(nspname::text), '{}') from pg_namespace) as present,
              to_regclass('public.django_migrations') is not null as recorded`,
    );
    if (!rights) return [];
    const { role, database: name, version, owner } = rights;
    const missing = workflow.tenants
      .map(({ schema }) => schema)
      .filter((schema) => !rights.present.includes(schema));
    const migrates = kinds.has('shared') || kinds.has('migrate');
    return [
      ...(kinds.has('tenants') && missing.length > 0 && !rights.schemas
        ? [
            {
              code: 'DBB4047' as const,
              message: `role "${role}" may not create schemas in database "${name}", and ${counted(missing.length, 'tenant has', 'tenants have')} none yet`,
              subject: { role, database: name },
              expected: `the privilege CREATE on database "${name}"`,
              actual: 'the role does not have it',
              evidence: [`schemas to be created: ${missing.slice(0, 10).join(', ')}`],
              help: `run 'GRANT CREATE ON DATABASE ${quoteIdentifier(name)} TO ${quoteIdentifier(role)}' as the owner of the database`,
            },
          ]
        : []),
      ...(migrates && rights.tables === false && (await isPending(rights, evidence))
        ? [
            {
              code: 'DBB4048' as const,
              message: `role "${role}" may not create tables in schema "public" of database "${name}"`,
              subject: { role, database: name, schema: 'public' },
              expected: 'the privilege CREATE on schema "public"',
              actual: 'the role does not have it',
              evidence: [`the schema belongs to "${owner ?? '?'}"; the server is PostgreSQL ${version}`],
              help: `run 'GRANT CREATE ON SCHEMA "public" TO ${quoteIdentifier(role)}' as the owner of the database`,
            },
          ]
        : []),
    ];
  },
};

/** Whether anything is still to be made in the public schema; a role that has nothing to create needs no right to. */
async function isPending({ recorded }: Rights, { host }: Evidence): Promise<boolean> {
  if (!recorded || !host) return !recorded;
  // That the project cannot be loaded is told by other rules.
  const known = await states(host, { scope: 'public' }).catch(() => undefined);
  return known?.schemas.some(({ pending }) => pending.length > 0) ?? false;
}
