import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrate, states } from '../../lib/django/index.js';
import { findProcess } from '../../lib/process/index.js';
import { openHost, type TestHost } from '../support/host.js';
import { query, startServer } from '../support/postgres.js';
import { pythonOf, pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';

const plain = join(process.cwd(), 'test/fixtures/django/plain');
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

/** A migration that changes a table, says its pid, and then takes longer than anybody waits. */
const slow = (operation: string): string => `
import os, time
from django.db import migrations, models


def tell(apps, editor):
    print("pid %d" % os.getpid())


def busy(apps, editor):
    print("busy")
    time.sleep(600)


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [
        migrations.AddField("shelf", "wide", models.IntegerField(null=True)),
        migrations.RunPython(tell),
        ${operation},
    ]
`;
const sleeping = 'migrations.RunSQL("select pg_sleep(600)")';

async function openSlow(
  set: keyof typeof pythonSets,
  operation: string,
  options: { url?: string; grace?: number } = {},
): Promise<TestHost> {
  const project = await openHost({ directory: plain, set, ...options });
  await writeFile(join(project.directory, 'stock/migrations/0002_slow.py'), slow(operation));
  return project;
}

/** Resolves when the question has an answer; what it asks for is bound to happen. */
async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function sleeps(project: TestHost, count = 1): Promise<void> {
  await until(async () => {
    const rows = await project.rows(
      "select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep%'",
    );
    return rows.length === count;
  });
}

async function hasColumn(project: TestHost): Promise<boolean> {
  const rows = await project.rows(
    "select 1 from pg_attribute where attrelid = to_regclass('stock_shelf') and attname = 'wide'",
  );
  return rows.length > 0;
}

function pidOf(project: TestHost): number {
  return Number(/pid (\d+)/.exec(project.printed.join(''))?.[1]);
}

for (const set of sets) {
  describe(`the host's process (${set})`, function () {
    this.timeout(60_000);

    it('is killed in the middle of a migration: the error says so, and the next request starts another', async () => {
      const project = await openSlow(set, sleeping);
      try {
        const running = rejection(migrate(project.forTask(), { schema: null }));
        await sleeps(project);
        process.kill(pidOf(project), 'SIGKILL');
        const error = await running;
        assert.equal(error.code, 'DBB6009');
        assert.equal(error.message, 'the host died: killed by SIGKILL while migrating the database');
        assert.match(error.problems[0].output ?? '', /as an error/);
        await project.rows(
          "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%' and datname = current_database() and pid <> pg_backend_pid()",
        );
        assert.equal(await hasColumn(project), false);
        const [state] = (await states(project.forTask())).schemas;
        assert.deepEqual(state?.pending, [{ app: 'stock', name: '0002_slow' }]);
      } finally {
        await project.close();
      }
    });

    it('cancels the running statement, rolls back, and answers the next request', async () => {
      const project = await openSlow(set, sleeping);
      try {
        const task = new AbortController();
        const running = rejection(migrate(project.forTask({ signal: task.signal }), { schema: null }));
        await sleeps(project);
        const waiting = new AbortController();
        const behind = rejection(states(project.forTask({ signal: waiting.signal })));
        waiting.abort();
        task.abort();
        assert.equal((await running).code, 'DBB5020');
        assert.equal((await behind).code, 'DBB5020');
        await sleeps(project, 0);
        assert.equal(await hasColumn(project), false);
        const pid = pidOf(project);
        const [state] = (await states(project.forTask())).schemas;
        assert.equal(state?.pending.length, 1);
        // The same process: nothing was loaded again.
        assert.ok(await findProcess(pid));
      } finally {
        await project.close();
      }
    });

    it('is ended where Python itself is busy and does not hear', async () => {
      const project = await openSlow(set, 'migrations.RunPython(busy)', { grace: 300 });
      try {
        const task = new AbortController();
        const running = rejection(migrate(project.forTask({ signal: task.signal }), { schema: null }));
        await until(() => Promise.resolve(project.printed.join('').includes('busy')));
        task.abort();
        assert.equal((await running).code, 'DBB5020');
        assert.equal(await findProcess(pidOf(project)), undefined);
        await until(async () => !(await hasColumn(project)));
        assert.equal((await states(project.forTask())).schemas[0]?.pending.length, 1);
      } finally {
        await project.close();
      }
    });

    it('says that the server went away, and works again when it is back', async () => {
      const server = await startServer();
      const url = new URL(server.url);
      await query(server.url, 'create database shop_test');
      url.pathname = '/shop_test';
      const project = await openSlow(set, sleeping, { url: url.href });
      try {
        const running = rejection(migrate(project.forTask(), { schema: null }));
        await sleeps(project);
        const pid = pidOf(project);
        await server.halt('immediate');
        const error = await running;
        assert.equal(error.code, 'DBB4007', error.message);
        await server.start();
        assert.equal((await states(project.forTask())).schemas[0]?.pending.length, 1);
        // Idle meanwhile: the connection that the host holds is dead, and it does not know yet.
        await server.halt('fast');
        await server.start();
        assert.equal((await states(project.forTask())).schemas[0]?.pending.length, 1);
        assert.ok(await findProcess(pid));
      } finally {
        await project.close();
        await server.stop();
      }
    });
  });
}

describe("the host's process", function () {
  this.timeout(60_000);

  it('ends with its parent, in the middle of a migration as well', async () => {
    const project = await openSlow('old', sleeping);
    const script = join(project.directory, 'parent.mts');
    await writeFile(
      script,
      `
import { createHostService } from ${JSON.stringify(join(process.cwd(), 'lib/django/index.ts'))};
const service = createHostService({ django: ${JSON.stringify({ directory: project.directory, python: await pythonOf('old') })}, root: '/', runId: 'test', grace: 1000 });
const host = service.forTask({
  name: 'test', signal: new AbortController().signal, env: process.env as Record<string, string>,
  log: { output: (_: string, text: string) => void process.stdout.write(text) },
  database: { display: '', query: async () => (await host.request<any>('connection').then((c) => [{ oid: String(c.databaseOid), started: c.postmasterStart }])) },
});
const connection = await host.request<{ databaseOid: number; postmasterStart: string }>('connection');
const proven = service.forTask({
  name: 'test', signal: new AbortController().signal, env: process.env as Record<string, string>,
  log: { output: (_: string, text: string) => void process.stdout.write(text) },
  database: { display: '', query: () => Promise.resolve([{ oid: String(connection.databaseOid), started: connection.postmasterStart }] as never) },
});
await proven.request('migrate', { schema: null });
`,
    );
    const parent = spawn(process.execPath, ['--import', 'tsx', script], {
      env: { ...process.env, DATABASE_URL: project.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let pid: number | undefined;
      createInterface(parent.stdout).on('line', (line) => {
        pid ??= Number(/pid (\d+)/.exec(line)?.[1]) || undefined;
      });
      await sleeps(project);
      assert.ok(pid !== undefined && (await findProcess(pid)));
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      await until(async () => (await findProcess(pid ?? 0)) === undefined);
    } finally {
      parent.kill('SIGKILL');
      await project.close();
    }
  });

  it('gives its pipes to nobody', async () => {
    const project = await openHost({ directory: plain });
    try {
      await writeFile(
        join(project.directory, 'shop/pipes.py'),
        'import subprocess\nfrom .settings import *\nsubprocess.run("ls -l /proc/self/fd > descriptors", shell=True, close_fds=False)\n',
      );
      await states(project.forTask({ env: { DJANGO_SETTINGS_MODULE: 'shop.pipes' } }));
      const open = await readFile(join(project.directory, 'descriptors'), 'utf8');
      const socketsOrPipes = open.split('\n').filter((line) => /\s[34] -> (socket|pipe)/.test(line));
      assert.deepEqual(socketsOrPipes, []);
    } finally {
      await project.close();
    }
  });

  it('is another one for a task with an environment of its own', async () => {
    const project = await openHost({ directory: plain });
    try {
      await writeFile(join(project.directory, 'shop/other.py'), 'from .settings import *\n');
      const module = async (env: Record<string, string>): Promise<unknown> =>
        (await project.forTask({ env }).request<{ settingsModule: string }>('inspect')).settingsModule;
      assert.equal(await module({}), 'shop.settings');
      assert.equal(await module({ DJANGO_SETTINGS_MODULE: 'shop.other' }), 'shop.other');
      assert.equal(await module({}), 'shop.settings');
    } finally {
      await project.close();
    }
  });

  it('leaves nobody behind when it is closed, idle or not', async () => {
    const project = await openSlow('new', sleeping, { grace: 300 });
    try {
      const running = rejection(migrate(project.forTask(), { schema: null }));
      await sleeps(project);
      const pid = pidOf(project);
      await project.service.close();
      assert.equal((await running).code, 'DBB6009');
      assert.equal(await findProcess(pid), undefined);
      assert.equal((await rejection(states(project.forTask()))).code, 'DBB5020');
    } finally {
      await project.close();
    }
  });

  it('starts early where it is told to, and tells a failure at the first request', async () => {
    const project = await openHost({ directory: plain, python: '/nowhere/python' });
    try {
      project.service.warm({ DATABASE_URL: project.url });
      const error = await rejection(states(project.forTask()));
      assert.equal(error.code, 'DBB6001');
    } finally {
      await project.close();
    }
  });
});
