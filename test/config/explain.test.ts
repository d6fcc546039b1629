import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { explainConfig, explanationOf, maskedConfig, type Explanation } from '../../config/index.js';
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

  it('masks a secret that YAML reads as a number', async () => {
    const workflow = await load(
      'env: { API_KEY: 98765432 }\nprofiles: { ci: { env: { API_KEY: 12345678 } } }\ntasks: { wait: {} }\n',
    );
    const texts = [explainConfig(workflow), maskedConfig(workflow), explanationOf(workflow)];
    for (const text of texts) assert.doesNotMatch(JSON.stringify(text), /98765432|12345678/);
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

  describe('for machines', () => {
    const files = {
      'base.yaml': `database: postgres://me:older-secret@db/x
env: { API_TOKEN: first-secret }
concurrency: 3
tenants: [{ schema: a, domain: a.test }]
tasks: { seed: { use: command, run: "login first-secret", timeout: 9s } }
`,
      '.bootstraprc': `extends: ./base.yaml
preset: sql
env: { API_TOKEN: other-secret }
concurrency: 4
database:
  host: db
  name: y
tenants:
  - schema: b
    domain: b.test
tasks: { check-roles: null, seed: { run: "true", timeout: null } }
profiles: { ci: { concurrency: 2 } }
`,
    };
    const explained = async (): Promise<Explanation> =>
      explanationOf(await load(files, { profile: 'ci', set: ['concurrency=5', 'tasks.seed.timeout=1s'] }));
    const valueOf = ({ values }: Explanation, wanted: string): Explanation['values'][number] | undefined =>
      values.find(({ key }) => key === wanted);

    it('each value has its path, its place, and what it overrode, the strongest first', async () => {
      const explanation = await explained();
      const of = (file: string, line: number, column: number): object => ({
        layer: file,
        file,
        line,
        column,
      });
      assert.deepEqual(valueOf(explanation, 'concurrency'), {
        key: 'concurrency',
        path: ['concurrency'],
        value: 5,
        origin: { layer: '--set concurrency' },
        overrode: [
          {
            key: 'concurrency',
            path: ['concurrency'],
            value: 2,
            origin: { layer: 'profile ci', file: '.bootstraprc', line: 12, column: 19 },
          },
          { key: 'concurrency', path: ['concurrency'], value: 4, origin: of('.bootstraprc', 4, 1) },
          { key: 'concurrency', path: ['concurrency'], value: 3, origin: of('base.yaml', 3, 1) },
        ],
      });
      const timeouts = valueOf(explanation, 'tasks.seed.timeout')?.overrode.map(({ value }) => value);
      assert.deepEqual(timeouts, [null, '9s'], 'a key that was taken away in between says so');
      assert.deepEqual(valueOf(explanation, 'onFailure'), {
        key: 'onFailure',
        path: ['onFailure'],
        value: 'stop',
        origin: { layer: 'default' },
        overrode: [],
      });
    });

    it('a list is one value, and an object names what it has replaced', async () => {
      const explanation = await explained();
      const tenants = valueOf(explanation, 'tenants');
      assert.deepEqual(tenants?.value, [{ schema: 'b', domain: 'b.test' }]);
      assert.deepEqual(tenants.overrode[0]?.value, [{ schema: 'a', domain: 'a.test' }]);
      const [database] = valueOf(explanation, 'database.host')?.overrode ?? [];
      assert.deepEqual([database?.key, database?.value], ['database', 'postgres://me:***@db/x']);
    });

    it('a key that was taken away is null, with the layer that took it', async () => {
      const removed = (await explained()).values.filter(({ value }) => value === null);
      assert.deepEqual(
        removed.map(({ key, origin }) => [key, origin.line]),
        [['tasks.check-roles', 11]],
      );
      assert.equal(removed[0]?.overrode[0]?.origin.layer, 'preset sql');
    });

    it('masks what was overridden as what holds, wherever it stands', async () => {
      assert.doesNotMatch(JSON.stringify(await explained()), /-secret/);
    });
  });
});
