import { z } from 'zod';
import { defineTask, type Finding } from '../../config/define.js';
import { quoteIdentifier } from '../../lib/postgres/index.js';

const attributes = z.strictObject({
  login: z.boolean().optional(),
  superuser: z.boolean().optional(),
  createdb: z.boolean().optional(),
  createrole: z.boolean().optional(),
  replication: z.boolean().optional(),
  bypassrls: z.boolean().optional(),
});

const options = z.strictObject({
  roles: z
    .union([z.array(z.string().min(1)), z.record(z.string().min(1), attributes)])
    .default([])
    .describe('Roles that must exist; as a mapping, with the attributes that they must have or lack'),
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
