import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { explainConfig, maskedConfig } from '../../config/index.js';
import { load } from './project.js';

const config = `preset: django-tenants
database: postgres://me:very-secret@db:5432/shop
env: { API_TOKEN: also-secret, PLAIN: seen }
tenants:
  - schema: a
  - schema: b
    fields: { name: B }
tasks:
  seed: { use: command, run: "curl -H 'token: also-secret' http://x", needs: [tenant-migrations] }
guards: { hosts: [db] }
profiles: { ci: { concurrency: 2 } }
`;

describe('the config as it resolves', () => {
  it('is explained value by value, in 80 columns, defaults included', async () => {
    const text = explainConfig(await load(config));
    const said = text
      .replace(/\n +# /g, ' # ')
      .split('\n')
      .map((line) => line.replace(/ +# /, ' # '));
    for (const line of [
      'preset = "django-tenants" # .bootstraprc:1',
      'tenants[1].fields.name = "B" # .bootstraprc:7',
      'tasks.tenants.needs = ["shared"] # preset django-tenants:10',
      'guards.hosts = ["db"] # .bootstraprc:10',
      'guards.allowDestructive = false # default',
      'onFailure = "stop" # default',
      'grace = "5s" # default',
    ])
      assert.ok(said.includes(line), `${line} is not in\n${text}`);
    const widest = text.split('\n').filter((line) => line.includes('  # '));
    assert.deepEqual(
      widest.filter((line) => line.length > 80),
      [],
    );
  });

  it('says where a database came from that no file names', async () => {
    const task = 'tasks: { wait: {} }\n';
    const said = async (env: NodeJS.ProcessEnv): Promise<string | undefined> =>
      explainConfig(await load(task, { env }))
        .split('\n')
        .find((line) => line.startsWith('database'))
        ?.replace(/ +# /, ' # ');
    assert.equal(
      await said({ DATABASE_URL: 'postgres://me:secret1@db/x' }),
      'database = "postgres://me:***@db/x" # DATABASE_URL',
    );
    assert.equal(await said({ PGHOST: 'db' }), 'database = "from PG* variables" # environment');
    assert.equal(await said({}), 'database = "embedded" # default');
  });

  it('shows no secret, wherever it stands', async () => {
    const workflow = await load(config);
    for (const text of [explainConfig(workflow), JSON.stringify(maskedConfig(workflow))]) {
      assert.doesNotMatch(text, /secret/);
      assert.match(text, /postgres:\/\/me:\*\*\*@db:5432\/shop/);
      assert.match(text, /seen/);
    }
  });

  it('is a config itself, and means the same', async () => {
    const plain = config.replace(/^env:.*\n/m, '').replaceAll('also-secret', 'open');
    const first = await load(plain);
    const second = await load(stringify(maskedConfig(first)));
    assert.deepEqual([...second.tasks], [...first.tasks]);
    assert.deepEqual(
      [second.tenants, second.guards, second.grace],
      [first.tenants, first.guards, first.grace],
    );
    assert.deepEqual(maskedConfig(second), maskedConfig(first));
  });
});
