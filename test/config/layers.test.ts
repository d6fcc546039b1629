import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { explainConfig } from '../../config/index.js';
import { folderOf, load, problemsOf, shown, type Asked } from './project.js';

const ci = { CI: 'true', DATABASE_URL: 'postgres://localhost/app' };

describe('layers of a config', () => {
  const files = {
    'base.yaml': 'concurrency: 2\ntasks: { wait: { timeout: 2s } }\n',
    'team.yaml': 'extends: base.yaml\nconcurrency: 3\ntasks: { wait: { timeout: 3s } }\n',
    '.bootstraprc':
      'preset: sql\nextends: [team.yaml]\nconcurrency: 4\ntasks: { wait: { timeout: 4s } }\nprofiles: { p: { concurrency: 5 } }\n',
  };
  const without = (text: string): typeof files => ({
    ...files,
    '.bootstraprc': files['.bootstraprc'].replace(text, ''),
  });

  const steps: readonly (readonly [string, Asked, typeof files, number])[] = [
    [
      'nothing of an empty variable',
      { profile: 'p', env: { ...ci, DB_BOOTSTRAP_CONCURRENCY: '' } },
      files,
      5,
    ],
    ['what it extends over what that extends', {}, without('concurrency: 4\n'), 3],
    [
      'what is extended last over what is extended first',
      {},
      { ...without('concurrency: 4\n'), '.bootstraprc': 'extends: [team.yaml, base.yaml]\n' },
      2,
    ],
  ];
  for (const [what, asked, project, concurrency] of steps) {
    it(`takes ${what}`, async () => {
      assert.equal((await load(project, asked)).concurrency, concurrency);
    });
  }

  it('takes the preset where no layer says more, and lists replace its own', async () => {
    const { tasks } = await load(
      'preset: sql\ntasks: { check-roles: { needs: [wait] }, init: { timeout: 3s } }\n',
    );
    assert.deepEqual(tasks.get('check-roles')?.needs, ['wait']);
    assert.deepEqual(tasks.get('init')?.needs, ['wait']);
    assert.equal(tasks.get('init')?.timeout, 3000);
  });

  it('takes a task of the preset away by null, in a file, a profile and a flag', async () => {
    const config =
      'preset: sql\ntasks: { check-roles: null, check-sequences: null, check-constraints: null, check-indexes: null }\nprofiles: { p: { tasks: { check-extensions: null } } }\n';
    const { tasks } = await load(config, {
      profile: 'p',
      set: ['tasks.init=null', 'tasks.other={use: wait}'],
    });
    assert.deepEqual([...tasks.keys()], ['wait', 'other']);
  });

  it('lets what needed such a task need what it needed, and come after nothing in its place', async () => {
    const { tasks } = await load(
      'preset: django-tenants\ntasks: { wait: null, makemigrations: null, migrate: null, flush: null, seed: { use: wait, needs: [migrate, shared] } }\n',
    );
    const of = (name: string): unknown => [tasks.get(name)?.needs, tasks.get(name)?.after];
    assert.deepEqual(of('init'), [[], []]);
    assert.deepEqual(of('shared'), [['init'], []]);
    assert.deepEqual(of('tenants'), [['shared'], []]);
    assert.deepEqual(of('seed'), [['init', 'shared'], []]);
    const gone = await load('preset: sql\ntasks: { check-roles: null }\n', {
      set: ['tasks.init=null', 'tasks.init={use: wait}'],
    });
    assert.equal(gone.tasks.get('init')?.use, 'wait');
  });

  it('has defaults for the rest', async () => {
    const workflow = await load('tasks: { wait: {} }\n');
    assert.equal(workflow.concurrency, Math.max(2, availableParallelism()));
    assert.equal(workflow.onFailure, 'stop');
    assert.equal(workflow.grace, 5000);
    assert.equal(workflow.timeout, undefined);
    assert.equal(workflow.reporter, undefined);
    assert.deepEqual(workflow.guards, { allowDestructive: false, hosts: [] });
    assert.deepEqual(workflow.ledger, { kind: 'database', schema: 'db_bootstrap' });
    const { needs, after, enabled, retry, tolerate, env } = workflow.tasks.get('wait') ?? assert.fail();
    assert.deepEqual(
      { needs, after, enabled, tolerate, env },
      { needs: [], after: [], enabled: true, tolerate: [], env: {} },
    );
    assert.deepEqual(retry, { attempts: 1, delay: 200, factor: 2, maxDelay: 10_000, jitter: true });
  });
});

describe('variables that set keys', () => {
  const set = (name: string, value: string): Asked => ({ env: { ...ci, [`DB_BOOTSTRAP_${name}`]: value } });

  it('reach keys of several words, at any depth', async () => {
    assert.equal((await load('tasks: {}\n', set('ON_FAILURE', 'warn'))).onFailure, 'warn');
    const guarded = await load('tasks: {}\n', set('GUARDS__ALLOW_DESTRUCTIVE', 'true'));
    assert.equal(guarded.guards.allowDestructive, true);
  });

  it('reach tasks by their own names, also those of the preset', async () => {
    const { tasks } = await load(
      'preset: django-tenants\n',
      set('TASKS__TENANT_MIGRATIONS__ON_FAILURE', 'continue'),
    );
    assert.equal(tasks.get('tenant-migrations')?.onFailure, 'continue');
    assert.equal(tasks.has('tenantMigrations'), false);
    const own = await load('tasks: { mySeed: { use: wait } }\n', set('TASKS__MY_SEED__TIMEOUT', '3s'));
    assert.equal(own.tasks.get('mySeed')?.timeout, 3000);
  });

  it('leave names of variables as they are', async () => {
    assert.equal((await load('tasks: {}\n', set('ENV__LC_ALL', 'C'))).env.LC_ALL, 'C');
    const { tasks } = await load('tasks: { wait: {} }\n', set('TASKS__WAIT__ENV__LC_ALL', 'C'));
    assert.deepEqual(tasks.get('wait')?.env, { LC_ALL: 'C' });
  });

  it('ignore those that db-bootstrap gives its children and its tests', async () => {
    const env = { ...ci, DB_BOOTSTRAP_RUN: 'x', DB_BOOTSTRAP_RESULT: 'x', DB_BOOTSTRAP_TEST_SERVER: 'x' };
    await load('tasks: {}\n', { env });
  });

  const mistakes: readonly (readonly [string, string, string, string | undefined])[] = [
    [
      'CONCURENCY',
      '2',
      'DBB2003 DB_BOOTSTRAP_CONCURENCY the variable "DB_BOOTSTRAP_CONCURENCY" names no key of the config',
      'did you mean "DB_BOOTSTRAP_CONCURRENCY"?',
    ],
    [
      'CONCURRENCY',
      'many',
      'DBB2004 DB_BOOTSTRAP_CONCURRENCY (concurrency) concurrency must be a number, not a text',
      'write a number here',
    ],
    [
      'EXTENDS',
      'x.yaml',
      'DBB1003 DB_BOOTSTRAP_EXTENDS "extends" can stand in a config file only',
      'write it there',
    ],
  ];
  for (const [name, value, said, help] of mistakes) {
    it(`say what is wrong with DB_BOOTSTRAP_${name}=${value}`, async () => {
      assert.deepEqual((await problemsOf('tasks: {}\n', set(name, value))).map(shown), [[said, help]]);
    });
  }
});

describe('--set', () => {
  it('takes values in YAML, and URLs as texts', async () => {
    const workflow = await load('tasks: { wait: {} }\n', {
      set: [
        'tasks.wait.enabled=false',
        'tenants=[{schema: a}]',
        'database=postgres://u@h/d?a=b',
        'env.A=x: y: z',
      ],
    });
    assert.equal(workflow.tasks.get('wait')?.enabled, false);
    assert.deepEqual(workflow.tenants, [{ schema: 'a' }]);
    assert.deepEqual(workflow.database, { kind: 'url', url: 'postgres://u@h/d?a=b' });
    assert.equal(workflow.env.A, 'x: y: z');
  });

  for (const entry of ['concurrency', '=4', 'a..b=3']) {
    it(`refuses "${entry}"`, async () => {
      const [said] = shown((await problemsOf('tasks: {}\n', { set: [entry] }))[0] ?? assert.fail());
      assert.equal(said, `DBB1003 --set "${entry}" is not key=value`);
    });
  }

  it('takes no key away for a number that is none', async () => {
    const [first] = await problemsOf('concurrency: 2\ntasks: {}\n', { set: ['concurrency=.inf'] });
    assert.match(shown(first ?? assert.fail())[0], /^DBB2004 --set concurrency .*must be a number/);
  });

  it('names an unknown key by the flag', async () => {
    assert.deepEqual((await problemsOf('tasks: {}\n', { set: ['guards.hots=[x]'] })).map(shown), [
      ['DBB2003 --set guards.hots (guards.hots) unknown key "hots" in guards', 'did you mean "hosts"?'],
    ]);
  });
});

describe('variables in a config', () => {
  it('are demanded where they stand, all at once, from the layer that wrote them', async () => {
    const project = {
      'base.yaml': 'env:\n  B: ${GONE_B}\n',
      '.bootstraprc':
        'extends: base.yaml\ntasks:\n  wait:\n    timeout: ${GONE_T:?how long}\ntenants:\n  - schema: ${GONE_S}\n',
    };
    const problems = await problemsOf(project);
    assert.deepEqual(problems.map((problem) => shown(problem)[0]).sort(), [
      'DBB2010 .bootstraprc:4:14 [${GONE_T:?how long}] the variable "GONE_T" is not set: how long',
      'DBB2010 .bootstraprc:6:13 [${GONE_S}] the variable "GONE_S" is not set',
      'DBB2010 base.yaml:2:6 [${GONE_B}] the variable "GONE_B" is not set',
    ]);
  });

  it('are told where the file of variables beside the config has them, and the config does not name it', async () => {
    const config = 'database: { host: "${DB_HOST}", name: "${DB_NAME}" }\n';
    const project = { '.bootstraprc': config, '.env': 'DB_HOST=db\n' };
    const helps = (await problemsOf(project)).map(({ help }) => help);
    assert.deepEqual(helps, [
      'add "envFile: [.env]" to the config: that file sets it, and is read only where it is named',
      'set it, or write ${DB_NAME:-default}, or $${DB_NAME} where the text itself is meant',
    ]);
    const named = await problemsOf({ ...project, '.bootstraprc': `${config}envFile: [.env]\n` });
    assert.deepEqual(
      named.map(({ message }) => message),
      ['the variable "DB_NAME" is not set'],
    );
  });

  it('are not demanded of what is overridden, of a disabled task, or of a profile that is not chosen', async () => {
    const config = `database: \${GONE}
tasks:
  wait: { timeout: '\${GONE}', enabled: false }
  off: { use: wait, deadline: '\${GONE}', retry: { attempts: '\${GONE}' }, enabled: '\${SEED:-false}' }
profiles:
  p: { database: '\${GONE}', concurrency: '\${GONE}' }
`;
    const workflow = await load(config, { set: ['database=none'] });
    assert.equal(workflow.database.kind, 'none');
    assert.equal(workflow.tasks.get('off')?.enabled, false);
    const enabled = await problemsOf(config, { env: { ...ci, SEED: 'true' } });
    assert.ok(enabled.length > 1);
    assert.deepEqual([...new Set(enabled.map(({ code }) => code))], ['DBB2010']);
  });

  it('count as numbers and as true or false where these are wanted', async () => {
    const config = `concurrency: \${N}
tasks:
  wait: { enabled: '\${ON:-true}', createDatabase: '\${ON:-true}', retry: { attempts: '\${N}' }, env: { N: '\${N}' } }
`;
    const workflow = await load(config, { env: { ...ci, N: '3' } });
    assert.equal(workflow.concurrency, 3);
    const { enabled, retry, options, env } = workflow.tasks.get('wait') ?? assert.fail();
    assert.equal(enabled, true);
    assert.equal(retry.attempts, 3);
    assert.equal((options as { createDatabase: boolean }).createDatabase, true);
    assert.deepEqual(env, { N: '3' });
    const [said] = shown((await problemsOf(config, { env: { ...ci, N: 'three' } }))[0] ?? assert.fail());
    assert.match(said, /^DBB2004 \.bootstraprc:1:14 \[\$\{N\}\] concurrency must be a number/);
    // A text that somebody wrote in quotes stays a text.
    assert.equal((await problemsOf('concurrency: "3"\n'))[0]?.code, 'DBB2004');
  });

  it('come from env over the environment over env files; of files, the last holds', async () => {
    const project = {
      '.env': 'A=file\nB=file\nC=file\nD="two words" # said\n',
      '.env.local': 'C=local\n',
      '.bootstraprc':
        'envFile: [.env, ".env.${WHERE}"]\nenv: { A: config, E: "${A}-${B}", B: "${B}+", N: 1, T: true }\ntenants: [{ schema: a, fields: { all: "${A} ${B} ${C} ${D} ${E}" } }]\ntasks: {}\n',
    };
    const workflow = await load(project, { env: { ...ci, B: 'process', WHERE: 'local' } });
    assert.equal(workflow.tenants[0]?.fields?.all, 'config process+ local two words config-process');
    const { A, B, C, D, N, T } = workflow.env;
    assert.deepEqual(
      { A, B, C, D, N, T },
      { A: 'config', B: 'process+', C: 'local', D: 'two words', N: '1', T: 'true' },
    );
  });
});

describe('a task of an unknown kind', () => {
  it('still has its common fields and its needs checked', async () => {
    const config =
      'tasks:\n  a: { use: comand, timeout: soon, needs: [b], retry: { attempts: 0 }, own: 1 }\n';
    assert.deepEqual(
      (await problemsOf(config)).map((problem) => shown(problem)[0].split(']')[0]),
      [
        'DBB2012 .bootstraprc:2:13 [comand',
        'DBB2011 .bootstraprc:2:30 [soon',
        'DBB3001 .bootstraprc:2:44 [b',
        'DBB2004 .bootstraprc:2:67 [0',
      ],
    );
  });
});

describe('config --explain', () => {
  it('names the layer and the line of each value, and masks secrets', async () => {
    const folder = folderOf({
      'base.yaml': 'concurrency: 2\ngrace: 1s\n',
      '.bootstraprc':
        'preset: sql\nextends: base.yaml\nconcurrency: 3\ndatabase: postgres://me:hidden1@localhost/app\nenv:\n  API_TOKEN: hidden2\n  JWT_KEY: ${KEY_OF_ALL}\nprofiles:\n  p: { onFailure: warn }\n',
    });
    const workflow = await load(folder, {
      profile: 'p',
      env: { ...ci, DB_BOOTSTRAP_TIMEOUT: '3m', PGPASSWORD: 'hidden3', KEY_OF_ALL: 'hidden4' },
      set: ['tasks.init.rerun=never'],
      flags: { reporter: 'silent' },
    });
    const text = explainConfig(workflow);
    const lineOf = (key: string): string =>
      text
        .split('\n')
        .find((line) => line.startsWith(`${key} = `))
        ?.replace(/\s+#/, ' #') ?? `no ${key}`;
    assert.equal(lineOf('tasks.wait.use'), 'tasks.wait.use = "wait" # preset sql:3');
    assert.equal(lineOf('grace'), 'grace = "1s" # base.yaml:2');
    assert.equal(lineOf('concurrency'), 'concurrency = 3 # .bootstraprc:3');
    assert.equal(lineOf('onFailure'), 'onFailure = "warn" # profile p (.bootstraprc:9)');
    assert.equal(lineOf('timeout'), 'timeout = "3m" # DB_BOOTSTRAP_TIMEOUT');
    assert.equal(lineOf('tasks.init.rerun'), 'tasks.init.rerun = "never" # --set tasks.init.rerun');
    assert.equal(lineOf('reporter'), 'reporter = "silent" # --reporter');
    assert.equal(lineOf('database'), 'database = "postgres://me:***@localhost/app" # .bootstraprc:4');
    assert.doesNotMatch(text, /hidden/);
    for (const secret of ['hidden1', 'hidden2', 'hidden3', 'hidden4'])
      assert.ok(workflow.secrets.includes(secret), secret);
  });
});
