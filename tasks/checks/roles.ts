import * as z from 'zod/mini';
import { defineTask, described, nonEmpty, type Finding } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';

const attributes = z.strictObject({
  login: z.optional(z.boolean()),
  superuser: z.optional(z.boolean()),
  createdb: z.optional(z.boolean()),
  createrole: z.optional(z.boolean()),
  replication: z.optional(z.boolean()),
  bypassrls: z.optional(z.boolean()),
});

const options = z.strictObject({
  roles: described(
    z._default(z.union([z.array(nonEmpty), z.record(nonEmpty, attributes)]), []),
    'Roles that must exist; as a mapping, with the attributes that they must have or lack',
  ),
});

type Attributes = z.output<typeof attributes>;
type Role = Readonly<Record<keyof Attributes, boolean>> & { readonly name: string };

/** The roles that the project needs exist and have the attributes that it names. */
export const checkRoles = defineTask({
  kind: 'check-roles',
  description: 'The roles that the project needs exist.',
  options,
  check: true,
  plan: ({ options: { roles } }) =>
    Promise.resolve(
      Object.keys(roles).length > 0
        ? { action: 'run', reason: 'checks change nothing' }
        : { action: 'skip', reason: 'no roles are named' },
    ),
  run: async ({ options: { roles }, database }) => {
    const wanted: readonly (readonly [string, Attributes])[] = Array.isArray(roles)
      ? roles.map((name) => [name, {}] as const)
      : Object.entries(roles);
    const rows = await database.query<Role>(
      `select rolname as name, rolcanlogin as login, rolsuper as superuser, rolcreatedb as createdb,
              rolcreaterole as createrole, rolreplication as replication, rolbypassrls as bypassrls
       from pg_roles where rolname = any($1)`,
      [wanted.map(([name]) => name)],
    );
    const found = new Map(rows.map((role) => [role.name, role]));
    const findings = wanted.flatMap(([name, attributes]) => findingsOf(name, attributes, found.get(name)));
    return {
      changed: false,
      summary: `${String(found.size)} of ${String(wanted.length)} roles exist`,
      findings,
    };
  },
});

function findingsOf(name: string, wanted: Attributes, role: Role | undefined): Finding[] {
  const entries = Object.entries(wanted) as [keyof Attributes, boolean][];
  if (!role) {
    const words = entries.map(([attribute, value]) => word(attribute, value));
    return [
      {
        code: 'DBB5014',
        message: `the role "${name}" does not exist`,
        help: `run: create role ${[quoteIdentifier(name), ...words].join(' ')};`,
        subject: { role: name },
      },
    ];
  }
  return entries
    .filter(([attribute, value]) => role[attribute] !== value)
    .map(([attribute, value]) => ({
      code: 'DBB5014',
      message: `the role "${name}" ${value ? 'lacks' : 'has'} the attribute ${attribute}`,
      help: `run: alter role ${quoteIdentifier(name)} ${word(attribute, value)};`,
      subject: { role: name, attribute },
    }));
}

function word(attribute: string, value: boolean): string {
  return value ? attribute : `no${attribute}`;
}
