import { randomBytes } from 'node:crypto';
import { bootstrap, Command, type Ended } from '../support/command.js';
import { createTestDatabase, query, testServer, type TestServer } from '../support/postgres.js';
import type { pythonSets } from '../support/python.js';
import { survivorsOf } from '../support/survivors.js';
import { openCopies, type Choices } from './copies.js';
import { chooseDamage, type Damage } from './damage.js';
import { Gate, untilAlone } from './gate.js';
import { whyNotReady, writeJudge } from './judge.js';

/** What happens to one copy of a database. */
export interface Blow {
  readonly kind: number;
  readonly row: number;
  /** Where a run is broken off, between 0 and 1; absent: the catalog is damaged by hand. */
  readonly share?: number;
  /** Which schemas are damaged alike. */
  readonly where: 'one tenant' | 'all tenants' | 'public';
  /** Whether the copy was called ready by a run before it was damaged: then the ledger holds what passed. A copy that was broken off is damaged too. */
  readonly known: boolean;
}

/** What one blow led to. */
export interface Verdict {
  readonly kind: string;
  /** Each time that a database was called ready and was not: what was said, and why it is not so. */
  readonly lies: readonly string[];
  /** Each time that a harmless change was called a fault: the change and the output. */
  readonly falseAlarms: readonly string[];
  /** How `check` and `run` ended. */
  readonly codes: readonly (number | null)[];
}

/**
 * Makes up a project and its fleet, has Django migrate all of it, and damages copies of it or breaks off runs that migrate it. Whenever
 * `check` or `run` then calls a copy ready, plain Django and pg_dump must agree. Undefined where Django refuses the project.
 */
export async function tellTruth(
  choices: Choices,
  blows: readonly Blow[],
  place: { readonly set: keyof typeof pythonSets; readonly python: string },
): Promise<readonly Verdict[] | undefined> {
  const server = await ownerOn(await testServer());
  const copies = await openCopies(choices, { ...place, server });
  if (!copies) return server.remove();
  const { folder, schemas } = copies;
  const ready: { url: string; name: string; drop(): Promise<void> }[] = [];
  try {
    writeJudge(folder);
    const migrated = await copies.django(['manage.py', 'migrate_schemas', '--noinput']);
    if (!migrated) return undefined;
    const known = await createTestDatabase({ server, template: nameOf(copies.theirs) });
    ready.push(known);
    const scene: Scene = {
      ...place,
      server,
      folder,
      schemas,
      twin: copies.theirs,
      before: copies.ours,
      known: known.url,
    };
    const { code, stdout, stderr } = await bootstrapIn(scene, 'run', known.url);
    if (code !== 0)
      return [
        {
          kind: 'healthy',
          lies: [`${folder}\nDjango's own work is not ready: ${stdout}${stderr}`],
          falseAlarms: [],
          codes: [code],
        },
      ];
    const verdicts: Verdict[] = [];
    for (const blow of blows) {
      const verdict =
        blow.share === undefined ? await damaged(scene, blow) : await brokenOff(scene, blow, blow.share);
      if (verdict) verdicts.push(verdict);
    }
    return verdicts;
  } finally {
    for (const database of ready) await database.drop();
    await copies.close(false);
    await server.remove();
  }
}

interface Scene {
  readonly set: keyof typeof pythonSets;
  readonly python: string;
  readonly server: TestServer;
  readonly folder: string;
  readonly schemas: readonly string[];
  /** URLs: what Django itself has migrated, the same fleet before that, and what a run has called ready. */
  readonly twin: string;
  readonly before: string;
  readonly known: string;
}

async function damaged(scene: Scene, blow: Blow): Promise<Verdict | undefined> {
  const copy = await createTestDatabase({
    server: scene.server,
    template: nameOf(blow.known ? scene.known : scene.twin),
  });
  try {
    const damage = await damageBy(copy.url, scene, blow);
    if (!damage) return undefined;
    const { kind, harmless } = damage;
    const story = `${storyOf(damage, blow)} ${blow.known ? 'known' : 'new'}`;
    return await judged(scene, copy.url, { kind, story, ignoresCatalog: harmless, isHealthy: harmless });
  } finally {
    await copy.drop();
  }
}

/** Undefined where PostgreSQL itself does not allow it: a key refers to the column, say. */
async function damageBy(
  url: string,
  { schemas }: Scene,
  { kind, row, where }: Blow,
): Promise<Damage | undefined> {
  const chosen = where === 'public' ? ['public'] : where === 'all tenants' ? schemas : schemas.slice(0, 1);
  const damage = await chooseDamage(url, chosen, [kind, row]);
  try {
    // In one transaction: a statement that fails in one schema must not leave the others damaged.
    await query(url, damage?.statements.join('; ') ?? '');
  } catch {
    return undefined;
  }
  return damage;
}

function storyOf({ kind, statements }: Damage, { where }: Blow): string {
  return `${kind} (${where}): ${statements.join('; ')}`;
}

async function brokenOff(scene: Scene, blow: Blow, share: number): Promise<Verdict> {
  const copy = await createTestDatabase({ server: scene.server, template: nameOf(scene.before) });
  try {
    const admin = asAdmin(await testServer(), copy.url);
    const gate = await Gate.open(admin, scene.schemas, 1 + Math.floor(share * 40));
    const command = new Command(['run', '--set', `django.python=${scene.python}`, '--reporter', 'ndjson'], {
      cwd: scene.folder,
      env: { DATABASE_URL: copy.url },
    });
    const start = command.event(({ type }) => type === 'run.start');
    if (await gate.reached(command.ended)) {
      const children = survivorsOf((await start)?.run ?? '');
      command.kill('SIGKILL');
      for (const { pid } of children) process.kill(pid, 'SIGKILL');
    }
    await gate.letGo();
    await command.ended;
    await untilAlone(copy.url);
    await gate.remove();
    const damage = blow.known ? await damageBy(copy.url, scene, blow) : undefined;
    return await judged(scene, copy.url, {
      kind: damage ? 'broken off and damaged' : 'broken off',
      story: `broken off at ${String(share)}${damage ? `, ${storyOf(damage, blow)}` : ''}`,
      ignoresCatalog: damage?.harmless === true,
      isHealthy: false,
    });
  } finally {
    await copy.drop();
  }
}

async function judged(
  scene: Scene,
  url: string,
  {
    kind,
    story,
    ignoresCatalog,
    isHealthy,
  }: {
    readonly kind: string;
    readonly story: string;
    readonly ignoresCatalog: boolean;
    /** Whether a check that fails gives a false alarm. */
    readonly isHealthy: boolean;
  },
): Promise<Verdict> {
  const lies: string[] = [];
  const falseAlarms: string[] = [];
  const codes: (number | null)[] = [];
  for (const command of ['check', 'run'] as const) {
    const { code, stdout, stderr } = await bootstrapIn(scene, command, url);
    codes.push(code);
    if (code !== 0) {
      if (isHealthy) falseAlarms.push(`${story}\n${command}: ${stdout}${stderr}`);
      continue;
    }
    const wrong = await whyNotReady({ ...scene, url, ignoresCatalog });
    if (wrong.length > 0)
      lies.push(`${story}\n${command} calls it ready: ${wrong.join('\n')}\n${stdout}${stderr}`);
  }
  return { kind, lies, falseAlarms, codes };
}

function bootstrapIn({ folder, python }: Scene, command: 'check' | 'run', url: string): Promise<Ended> {
  return bootstrap([command, '--set', `django.python=${python}`], {
    cwd: folder,
    env: { DATABASE_URL: url },
  });
}

function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** The same database, as the server's superuser. */
function asAdmin(server: TestServer, url: string): string {
  const admin = new URL(server.url);
  admin.pathname = new URL(url).pathname;
  return admin.href;
}

/** The server as a role sees it that may make databases and is no superuser: rights that it lacks count. */
async function ownerOn(server: TestServer): Promise<TestServer & { remove(): Promise<undefined> }> {
  const user = `owner_${randomBytes(4).toString('hex')}`;
  await query(server.url, `create role ${user} login createdb password 'secret'`);
  const url = new URL(server.url);
  url.username = user;
  url.password = 'secret';
  return {
    ...server,
    url: url.href,
    user,
    password: 'secret',
    remove: async () => {
      await query(server.url, `drop role ${user}`);
      return undefined;
    },
  };
}
