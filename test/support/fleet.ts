import { join } from 'node:path';
import { Client } from 'pg';
import type { Finding, Repair, TaskKind, TaskResult } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { builtinKinds } from '../../tasks/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from './django-task.js';
import { openHost, type TestHost } from './host.js';
import { dump } from './postgres.js';
import type { pythonSets } from './python.js';
import { testContext } from './task-context.js';

/** The example on a database of its own, with the real host and three tenants that are migrated. */
export interface Fleet extends TestHost {
  /** Runs a check: "drift" stands for check-drift. */
  check(name: string): Promise<TaskResult>;
  /** What its repair does. */
  fix(name: string, confirmed?: boolean): Promise<readonly Repair[]>;
}

/** The tenants' schemas, in the order of their rows. */
export const fleetSchemas = ['acme', 'Grün & Co', 'zoo'] as const;

/** Rows, domains and empty schemas of tenants of the example. */
export async function addTenants(
  project: Pick<TestHost, 'forTask'>,
  schemas: readonly string[],
): Promise<void> {
  const tenants = schemas.map((schema) => ({
    schema,
    domain: `${encodeURIComponent(schema).replaceAll('%', '').toLowerCase()}.example.com`,
    fields: { name: schema },
  }));
  await project.forTask().request('ensureTenants', { tenants, public: null, update: false, plan: false });
}

/** Starts the example with its tenants, or another project as it is after its migrations. */
export async function openFleet(
  set: keyof typeof pythonSets,
  other?: { readonly directory: string; readonly settings: string; readonly tenants: readonly unknown[] },
): Promise<Fleet> {
  const project = await openHost({
    directory: other?.directory ?? join(process.cwd(), 'examples/django-tenants'),
    settings: other?.settings ?? 'wholesale.settings.test',
    set,
  });
  const host = project.forTask();
  const tenants =
    other?.tenants ??
    fleetSchemas.map((schema, index) => ({
      schema,
      domain: `tenant${String(index)}.example.com`,
      fields: { name: schema },
    }));
  const { tenancy } = await host.request<{ tenancy: boolean }>('inspect');
  await host.request('migrate', { schema: tenancy ? 'public' : null });
  if (tenants.length > 0)
    await host.request('ensureTenants', { update: false, plan: false, public: null, tenants });
  for (const { schema } of tenants as { schema: string }[]) await host.request('migrate', { schema });
  return {
    ...project,
    check: (name) => kindOf(name).run(djangoTask(project, kindOf(name))),
    fix: async (name, confirmed = false) =>
      (await kindOf(name).fix?.(djangoTask(project, kindOf(name)), { confirmed })) ?? [],
  };
}

/** Runs a check that needs no Django. */
export function checkDatabase(url: string, name: string): Promise<TaskResult> {
  return kindOf(name).run(testContext({ kind: kindOf(name), root: '/', url }));
}

/** What the repair of such a check does. */
export async function fixDatabase(url: string, name: string): Promise<readonly Repair[]> {
  const kind = kindOf(name);
  return (await kind.fix?.(testContext({ kind, root: '/', url }), { confirmed: false })) ?? [];
}

/** Code, severity and subject of each finding. */
export function found({ findings = [] }: TaskResult): [string, string, Finding['subject']][] {
  return findings.map(({ code, severity = 'error', subject }) => [code, severity, subject]);
}

function kindOf(name: string): TaskKind {
  const kind = builtinKinds.get(`check-${name}`);
  if (!kind) throw new Error(`there is no check "${name}"`);
  return kind;
}

/** The example on a database of its own, with these tenants wholly migrated. */
export async function openMigrated(
  schemas: readonly string[],
  set: keyof typeof pythonSets = 'new',
): Promise<TestHost> {
  const project = await openHost({
    directory: join(process.cwd(), 'examples/django-tenants'),
    settings: 'wholesale.settings.test',
    set,
  });
  await migrate(project.forTask(), { schema: 'public' });
  await addTenants(project, schemas);
  const kind = tenantMigrations as unknown as TaskKind;
  await kind.run(djangoTask(project, kind));
  return project;
}

/** The same project as it is after a change of its files, loaded anew. */
export function reopen(project: TestHost, set: keyof typeof pythonSets = 'new'): Promise<TestHost> {
  return openHost({
    directory: project.directory,
    url: project.url,
    settings: 'wholesale.settings.test',
    set,
  });
}

/** Does something while another session holds a lock on a tenant's table. */
export async function whileHeld<T>(
  project: TestHost,
  table: string,
  work: (letGo: () => Promise<void>) => Promise<T>,
  mode = 'access exclusive',
): Promise<T> {
  const holder = new Client({ connectionString: project.url, application_name: 'holder' });
  await holder.connect();
  try {
    await holder.query(`begin; lock table ${table} in ${mode} mode`);
    return await work(async () => {
      await holder.query('rollback');
    });
  } finally {
    await holder.end();
  }
}

/** Resolves once a session waits for the one that holds a lock, or once none does. */
export async function untilWaiting(project: TestHost, somebody = true): Promise<void> {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    const rows = await project.rows(
      `select from pg_stat_activity a join pg_stat_activity h on h.pid = any (pg_blocking_pids(a.pid))
        where h.datname = current_database() and h.application_name = 'holder'`,
    );
    if (rows.length > 0 === somebody) return;
  }
  throw new Error(somebody ? 'nobody waits' : 'somebody still waits');
}

/** Every schema's catalog and rows, with their ids, but for times: when a migration was recorded, or a row made. */
export async function pictureOf(url: string): Promise<string> {
  const text = await dump(url, '--no-owner', '--inserts', '--exclude-schema=db_bootstrap');
  return text.replace(/'\d{4}-\d\d-\d\d(?: \d\d:\d\d:[\d.]+\+\d\d)?'/g, "'then'");
}
