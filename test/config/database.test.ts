import assert from 'node:assert/strict';
import type { Workflow } from '../../config/index.js';
import { folderOf, load, loadAll, problemsOf, shown } from './project.js';

const needy = 'tasks: { wait: {} }\n';
const idle = 'tasks: { a: { use: command, run: "true" } }\n';

async function databaseOf(config: string, env: NodeJS.ProcessEnv): Promise<Workflow['database']> {
  return (await load(config, { env })).database;
}

describe('the database of a workflow', () => {
  const settings: readonly (readonly [string, Workflow['database']])[] = [
    ['postgres://u:p@h:1/d', { kind: 'url', url: 'postgres://u:p@h:1/d' }],
    ['{ url: "postgres://h/d" }', { kind: 'url', url: 'postgres://h/d' }],
    ['none', { kind: 'none' }],
    ['{ embedded: { port: 5, name: x } }', { kind: 'embedded', port: 5, name: 'x' }],
    [
      '{ host: h, port: 1, name: d/1, user: "a@b", password: "p:@/ä" }',
      { kind: 'url', url: 'postgres://a%40b:p%3A%40%2F%C3%A4@h:1/d%2F1' },
    ],
    ['{ name: d }', { kind: 'url', url: 'postgres:///d' }],
  ];
  for (const [value, expected] of settings) {
    it(`is what "database: ${value}" says, whatever the environment holds`, async () => {
      const env = { DATABASE_URL: 'postgres://other/other', PGHOST: 'other', PGDATABASE: 'other' };
      assert.deepEqual(await databaseOf(`database: ${value}\n${needy}`, env), expected);
    });
  }

  it('is named after the folder where the embedded server is asked for', async () => {
    const folder = folderOf({ 'My Shop/.bootstraprc': `database: embedded\n${needy}` });
    const { database } = await load(`${folder}/My Shop`);
    assert.deepEqual(database, { kind: 'embedded', name: 'my_shop_dev' });
  });

  it('is DATABASE_URL of the environment, of an env file, or of env', async () => {
    const url = 'postgres://h/d';
    assert.deepEqual(await databaseOf(needy, { DATABASE_URL: url, PGHOST: 'x' }), { kind: 'url', url });
    assert.deepEqual(await databaseOf(`env: { DATABASE_URL: "${url}" }\n${needy}`, { CI: 'true' }), {
      kind: 'url',
      url,
    });
    const project = { '.env': `DATABASE_URL=${url}\n`, '.bootstraprc': `envFile: .env\n${needy}` };
    assert.deepEqual((await load(project, { env: { CI: 'true' } })).database, { kind: 'url', url });
  });

  for (const name of ['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGSERVICE']) {
    it(`is what ${name} and its like say, else`, async () => {
      assert.deepEqual(await databaseOf(needy, { CI: 'true', [name]: '1' }), {
        kind: 'url',
        url: 'postgres://',
      });
    });
  }

  it('is none where no task that is enabled needs one; the ledger is a file then', async () => {
    const workflow = await load(idle, { env: { CI: 'true' } });
    assert.deepEqual([workflow.database, workflow.ledger], [{ kind: 'none' }, { kind: 'file' }]);
    const off = 'tasks: { wait: { enabled: false }, a: { use: command, run: "true" } }\n';
    assert.deepEqual(await databaseOf(off, { CI: 'true' }), { kind: 'none' });
    const { workflow: chosen } = await loadAll(
      `${needy}  \n`.replace('}\n', ', a: { use: command, run: x } }\n'),
      {
        env: { CI: 'true' },
        select: { only: ['a'] },
      },
    );
    assert.deepEqual(chosen.database, { kind: 'none' });
  });

  it('is the embedded server for a developer, else', async () => {
    assert.equal((await databaseOf(needy, {})).kind, 'embedded');
    assert.equal((await databaseOf(needy, { CI: 'false', PGUSER: 'me', PGPASSWORD: 'x' })).kind, 'embedded');
  });

  it('is a mistake in CI, else', async () => {
    assert.deepEqual((await problemsOf(needy, { env: { CI: 'true' } })).map(shown), [
      [
        'DBB4005 .bootstraprc no database is configured, and in CI none is started by itself',
        'set DATABASE_URL, or "database: embedded"',
      ],
    ]);
  });

  for (const [value, kind] of [
    ['off', { kind: 'off' }],
    ['file', { kind: 'file' }],
    ['database', { kind: 'database', schema: 'db_bootstrap' }],
    ['{ schema: own }', { kind: 'database', schema: 'own' }],
  ] as const) {
    it(`keeps its ledger where "ledger: ${value}" says`, async () => {
      assert.deepEqual((await load(`ledger: ${value}\n${needy}`)).ledger, kind);
    });
  }
});

describe('the tenants of a config', () => {
  it('are handed on as they are', async () => {
    const config =
      'tasks: {}\ntenants: [{ schema: a, domain: a.example, domains: [b.example], fields: { n: 1 }, domainFields: { x: null } }]\n';
    assert.deepEqual((await load(config)).tenants, [
      {
        schema: 'a',
        domain: 'a.example',
        domains: ['b.example'],
        fields: { n: 1 },
        domainFields: { x: null },
      },
    ]);
  });

  const long = 'ä'.repeat(32);
  const refused: readonly (readonly [string, string, help: RegExp])[] = [
    ['public', 'it holds what all tenants share', /option "public"/],
    ['pg_temp', 'PostgreSQL keeps such names to itself', /not begin with "pg_"/],
    ['information_schema', 'PostgreSQL keeps such names to itself', /another name/],
    [long, 'it has more than 63 bytes', /shorter: it has 64/],
    ["it's", 'django-tenants does not quote quotes', /letters, digits and underscores/],
  ];
  for (const [schema, reason, help] of refused) {
    it(`may not be called ${schema}`, async () => {
      const problem = (await problemsOf(`tenants:\n  - schema: ${schema}\n`))[0] ?? assert.fail();
      const [said] = shown(problem);
      assert.match(problem.help ?? '', help);
      assert.equal(
        said,
        `DBB6023 .bootstraprc:2:13 [${schema}] the schema name "${schema}" is not valid: ${reason}`,
      );
    });
  }

  it('may each have 63 bytes', async () => {
    await load(`tasks: {}\ntenants: [{ schema: ${'a'.repeat(63)} }]\n`);
  });

  it('have a schema and domains of their own', async () => {
    const config =
      'tenants:\n  - { schema: a, domain: x.example }\n  - { schema: a, domains: [y.example, x.example] }\n';
    assert.deepEqual(
      (await problemsOf(config)).map((problem) => shown(problem)[0]),
      [
        'DBB2021 .bootstraprc:3:15 [a] the schema "a" stands twice: tenants[0] has it too',
        'DBB2021 .bootstraprc:3:39 [x.example] the domain "x.example" stands twice: tenants[0] has it too',
      ],
    );
  });
});

describe('the choice of tasks', () => {
  const config = `tasks:
  a: { use: wait }
  b: { use: wait, needs: [a] }
  c: { use: wait, after: [b], enabled: false }
  d: { use: wait, needs: [c] }
  e: { use: wait }
`;
  const chosen = async (select: object): Promise<string> => {
    const { tasks } = await load(config, { select });
    return [...tasks.values()]
      .map(({ name, enabled, disabledReason }) => (enabled ? name : `(${name}: ${String(disabledReason)})`))
      .join(' ');
  };

  it('is all that the config enables', async () => {
    assert.equal(await chosen({}), 'a b (c: disabled in the config) d e');
  });

  it('is one alone, all but one, or one and what comes after it', async () => {
    const off = (name: string, flag: string): string => `(${name}: left out by ${flag})`;
    const c = '(c: disabled in the config)';
    assert.equal(
      await chosen({ only: ['b'] }),
      [off('a', '--only'), 'b', c, off('d', '--only'), off('e', '--only')].join(' '),
    );
    assert.equal(await chosen({ skip: ['b'] }), ['a', off('b', '--skip'), c, 'd', 'e'].join(' '));
    assert.equal(
      await chosen({ from: ['b'] }),
      [off('a', '--from'), 'b', c, 'd', off('e', '--from')].join(' '),
    );
    assert.equal(
      await chosen({ from: ['b'], skip: ['d'] }),
      [off('a', '--from'), 'b', c, off('d', '--skip'), off('e', '--from')].join(' '),
    );
  });

  it('never switches on what the config switches off', async () => {
    assert.match(await chosen({ only: ['c'] }), /\(c: disabled in the config\)/);
  });

  it('names every task that does not exist', async () => {
    const project = { '.bootstraprc': 'tasks: { seed: { use: wait } }\n' };
    const problems = await problemsOf(project, {
      select: { only: ['sede'], skip: ['nothing'], from: ['seed'] },
    });
    assert.deepEqual(problems.map(shown), [
      ['DBB1004 --only there is no task "sede"', 'did you mean "seed"?'],
      ['DBB1004 --skip there is no task "nothing"', 'the tasks are seed'],
    ]);
  });
});

describe('presets', () => {
  for (const preset of ['django-tenants', 'django', 'sql']) {
    it(`${preset} is valid, and ends in checks that run side by side`, async () => {
      const { tasks } = await load({ 'x/y': '' }, { set: [`preset=${preset}`] });
      const checks = [...tasks.values()].filter(({ kind }) => kind.check && kind.kind.startsWith('check-'));
      assert.ok(checks.length >= 2);
      for (const { needs } of checks) assert.ok(!needs.some((need) => need.startsWith('check-')));
    });
  }

  it('django-tenants runs its steps in the order of the design, flush switched off', async () => {
    const { tasks } = await load({ 'x/y': '' }, { set: ['preset=django-tenants'] });
    const steps = ['wait', 'init', 'makemigrations', 'migrate', 'shared', 'tenants', 'tenant-migrations'];
    for (const [index, name] of steps.entries()) {
      if (index > 0) assert.deepEqual(tasks.get(name)?.needs, [steps[index - 1]], name);
    }
    assert.equal(tasks.get('flush')?.enabled, false);
    assert.deepEqual(tasks.get('tenants')?.after, ['flush']);
  });

  it('let a task say "tenant" for the kind tenants', async () => {
    const { tasks } = await load('tasks: { tenant: {}, other: { use: tenant } }\n');
    assert.deepEqual([tasks.get('tenant')?.kind.kind, tasks.get('other')?.use], ['tenants', 'tenants']);
  });
});
