import { lookup } from 'node:dns/promises';
import type { DjangoConnection, SettingsFacts } from '../../django/index.js';
import { BootstrapError, timeLimit } from '../../errors/index.js';
import type { ConnectionParameters } from '../../postgres/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { factsOf, placeOfSetting } from './facts.js';

/** A database as the settings or the workflow name it. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

/** Django is connected to the database of the workflow: the settings say the same host, port and name as it does. */
export const sameDatabase: Rule = {
  name: 'same-database',
  reads: ['host'],
  find: async (evidence) => {
    const { connection } = evidence;
    const facts = await factsOf(evidence);
    const settings = facts?.settings;
    // Another engine is a finding of its own, whatever its database is called.
    if (
      !connection ||
      !settings ||
      settings.service ||
      /^django\.db\.backends\.(?!postgresql)/.test(settings.engine)
    )
      return [];
    const django = targetOf(settings, evidence.env);
    const ours = { host: connection.host, port: connection.port, name: connection.database };
    const differing = await differences(django, ours);
    if (differing.length === 0 || (await isProvenSame(evidence, differing, facts.failure === null)))
      return [];
    return [diagnosisOf({ settings, django, connection, differing, evidence })];
  },
};

type Part = keyof Target;

function diagnosisOf(found: {
  readonly settings: SettingsFacts;
  readonly django: Target;
  readonly connection: ConnectionParameters;
  readonly differing: readonly Part[];
  readonly evidence: Evidence;
}): Diagnosis {
  const { settings, django, connection, differing, evidence } = found;
  const { host, port, database } = connection;
  const ours: Target = { host, port, name: database };
  return {
    code: 'DBB6005',
    message:
      'Django is connected to another database than the workflow: the settings do not read where it is',
    ...placeOfSetting(evidence, settings, `DATABASES.${(differing[0] ?? 'name').toUpperCase()}`, 'DATABASES'),
    subject: { setting: 'DATABASES', host: django.host, port: String(django.port), database: django.name },
    expected: `the workflow's database: ${shown(ours)}`,
    actual: `the database of the settings: ${shown(django)}`,
    evidence: differing.map(
      (part) => `${part}: ${String(ours[part])} in the workflow, ${String(django[part])} in the settings`,
    ),
    help: 'let DATABASES read DATABASE_URL, or PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE: the workflow sets them for Django',
    explains: ['DBB6005'],
  };
}

function shown({ host, port, name }: Target): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}/${name}`;
}

/** What libpq makes of the settings: empty parts are those of the environment, or its own. */
function targetOf({ database }: SettingsFacts, env: Readonly<Record<string, string>>): Target {
  return {
    host: database.host || env.PGHOST || env.PGHOSTADDR || 'localhost',
    port: Number(database.port || env.PGPORT || '5432'),
    name: database.name || env.PGDATABASE || database.user || env.PGUSER || '',
  };
}

async function differences(django: Target, ours: Target): Promise<readonly Part[]> {
  const parts: Part[] = [];
  if (django.name !== ours.name) parts.push('name');
  if (!(await isSameHost(django.host, ours.host))) parts.push('host');
  if (django.port !== ours.port) parts.push('port');
  return parts;
}

async function isSameHost(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const local = (host: string): boolean =>
    /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/i.test(host) || host.startsWith('/') || host.startsWith('@');
  // Which server a socket belongs to, nobody can tell from its name.
  if (local(one) && local(other)) return true;
  const [ours, theirs] = await Promise.all([addressesOf(one), addressesOf(other)]);
  return ours.some((address) => theirs.includes(address));
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}

/** Whether both are the same after all, as a pooler or a proxy makes of them: asked of Django where both names agree. */
async function isProvenSame(
  { host, database, signal }: Evidence,
  differing: readonly Part[],
  loads: boolean,
): Promise<boolean> {
  if (!host || !database || !loads || differing.includes('name')) return false;
  const overdue = AbortSignal.any([signal, timeLimit(5_000)]);
  const late = new Promise<undefined>((resolve) => {
    overdue.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    const asked = host.request<DjangoConnection>('connection');
    const django = await Promise.race([asked, late]);
    const [ours] = await database.query<{ oid: string; started: string }>(
      `select d.oid::bigint::text as oid, (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text as started
         from pg_catalog.pg_database d where d.datname = current_database()`,
    );
    return (
      django !== undefined &&
      ours?.oid === String(django.databaseOid) &&
      ours.started === django.postmasterStart
    );
  } catch (error) {
    if (error instanceof BootstrapError) return false;
    throw error;
  }
}
