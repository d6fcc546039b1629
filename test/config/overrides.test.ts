import assert from 'node:assert/strict';
import { load, problemsOf, shown, type Asked } from './project.js';

const files = {
  'first.yaml': 'grace: 1s\nconcurrency: 1\n',
  'second.yaml': 'concurrency: 2\nenv: { A: second, B: second }\n',
  '.bootstraprc': [
    'preset: sql',
    'extends: [./first.yaml, ./second.yaml]',
    'concurrency: 3',
    'env: { B: project }',
    'tasks:',
    '  init: { timeout: 3s }',
    '  seed: { use: command, run: project, needs: [wait, init] }',
    'profiles:',
    '  ci:',
    '    concurrency: 4',
    '    tasks: { seed: { needs: [wait] }, check-roles: null }',
    '',
  ].join('\n'),
};

describe('what overrides a config', () => {
  const env = { CI: 'true', DATABASE_URL: 'postgres://localhost/app' };
  it('refuses keys without a value that take nothing away', async () => {
    const problems = await problemsOf(
      'tasks:\n  wait:\n  a: { use: command, run: x, timeot: }\nconcurency:\ngrace:\nguards: { host: }\n',
    );
    assert.deepEqual(problems.map(shown), [
      [
        'DBB2004 .bootstraprc:2:3 [wait] task "wait" is empty, and no layer below has such a task to take away',
        'write {} for a task without options, or take the line out',
      ],
      ['DBB2003 .bootstraprc:3:30 [timeot] unknown key "timeot" in tasks.a', 'did you mean "timeout"?'],
      ['DBB2003 .bootstraprc:4:1 [concurency] unknown key "concurency"', 'did you mean "concurrency"?'],
      ['DBB2003 .bootstraprc:6:11 [host] unknown key "host" in guards', 'did you mean "hosts"?'],
    ]);
  });

  it('reads variables of the environment as keys', async () => {
    const workflow = await load(files, {
      env: {
        ...env,
        DB_BOOTSTRAP_TASKS__CHECK_ROLES__ENABLED: 'false',
        DB_BOOTSTRAP_TASKS__SEED__ON_FAILURE: 'warn',
        DB_BOOTSTRAP_ENV__DJANGO_SETTINGS_MODULE: 'x.y',
        DB_BOOTSTRAP_GUARDS__HOSTS: '[a, b]',
        DB_BOOTSTRAP_DATABASE: 'postgres://u:p@h/d?x=#1',
        DB_BOOTSTRAP_RUN: 'an-outer-run',
      },
    });
    assert.equal(workflow.tasks.get('check-roles')?.enabled, false);
    assert.equal(workflow.tasks.get('seed')?.onFailure, 'warn');
    assert.equal(workflow.env.DJANGO_SETTINGS_MODULE, 'x.y');
    assert.deepEqual(workflow.guards.hosts, ['a', 'b']);
    assert.deepEqual(workflow.database, { kind: 'url', url: 'postgres://u:p@h/d?x=#1' });
  });

  it('refuses variables that name no key', async () => {
    const problems = await problemsOf(files, {
      env: { ...env, DB_BOOTSTRAP_CONCURENCY: '1', DB_BOOTSTRAP_TASKS__SEDE__TIMEOUT: '1s' },
    });
    assert.deepEqual(
      problems.map((problem) => [shown(problem)[0].split(' ').slice(0, 2).join(' '), problem.help]).sort(),
      [
        ['DBB2003 DB_BOOTSTRAP_CONCURENCY', 'did you mean "DB_BOOTSTRAP_CONCURRENCY"?'],
        ['DBB2012 DB_BOOTSTRAP_TASKS__SEDE__TIMEOUT', 'did you mean "seed"?'],
      ],
    );
  });

  it('sets nested values, lists and texts by --set', async () => {
    const workflow = await load(files, {
      set: [
        'tasks.seed.run=echo a=b, c: d',
        'tasks.seed.retry.attempts=4',
        'guards.hosts=[x, y]',
        'env.NOTE=a # b',
        'env.QUOTED="12"',
        'tasks.init.enabled=false',
        'tenants=[{ schema: t1 }]',
      ],
    });
    assert.equal((workflow.tasks.get('seed')?.options as { run: string }).run, 'echo a=b, c: d');
    assert.equal(workflow.tasks.get('seed')?.retry.attempts, 4);
    assert.deepEqual(workflow.guards.hosts, ['x', 'y']);
    assert.deepEqual([workflow.env.NOTE, workflow.env.QUOTED], ['a # b', '12']);
    assert.equal(workflow.tasks.get('init')?.enabled, false);
    assert.deepEqual(workflow.tenants, [{ schema: 't1' }]);
  });

  it('refuses what is no setting', async () => {
    const said = async (asked: Asked): Promise<string[]> =>
      (await problemsOf(files, asked)).map((problem) => shown(problem)[0]);
    assert.deepEqual(await said({ set: ['concurrency', '=3', 'a..b=1'] }), [
      'DBB1003 --set "concurrency" is not key=value',
      'DBB1003 --set "=3" is not key=value',
      'DBB1003 --set "a..b=1" is not key=value',
    ]);
    assert.deepEqual(await said({ set: ['extends=x'] }), [
      'DBB1003 --set extends "extends" can stand in a config file only',
    ]);
    assert.deepEqual(await said({ flags: { concurrency: '0' } }), [
      'DBB1003 --concurrency concurrency must be at least 1',
    ]);
    assert.deepEqual(await said({ flags: { timeout: '30' } }), [
      'DBB1003 --timeout timeout is not a duration',
    ]);
    const [policy] = await problemsOf(files, { flags: { onFailure: 'continu', reporter: 'githb' } });
    assert.deepEqual([policy?.place?.file, policy?.help], ['--on-failure', 'did you mean "continue"?']);
  });
});
