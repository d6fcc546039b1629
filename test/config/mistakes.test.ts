import assert from 'node:assert/strict';
import { problemsOf, shown } from './project.js';

/** A config, what must be said about it (code, place, the marked text, the message), and what to do. */
type Mistake = readonly [title: string, config: string, said: string, help: string];

const mistakes: readonly Mistake[] = [
  [
    'a tag that YAML leaves to its readers',
    'database: !ENV DATABASE_URL\n',
    'DBB2002 .bootstraprc:1:11 [!ENV] the tag "!ENV" is unknown: db-bootstrap cannot apply it to the value',
    'take it out; a variable is written ${NAME}',
  ],
  [
    'a set, which would be empty',
    'env: !!set { A, B }\n',
    'DBB2002 .bootstraprc:1:6 [!!set] the tag "!!set" is unknown: db-bootstrap cannot apply it to the value',
    'take it out; a variable is written ${NAME}',
  ],
  [
    'a set in YAML 1.1',
    '%YAML 1.1\n---\nenv: !!set { A, B }\n',
    'DBB2002 .bootstraprc:3:6 [!!set] the tag "!!set" is unknown: db-bootstrap cannot apply it to the value',
    'take it out; a variable is written ${NAME}',
  ],
  [
    'an ordered mapping, which would be empty',
    'env: !!omap [A: 1]\n',
    'DBB2002 .bootstraprc:1:6 [!!omap] the tag "!!omap" is unknown: db-bootstrap cannot apply it to the value',
    'take it out; a variable is written ${NAME}',
  ],
  [
    'bytes',
    'env: { A: !!binary aGk= }\n',
    'DBB2002 .bootstraprc:1:11 [!!binary] the tag "!!binary" is unknown: db-bootstrap cannot apply it to the value',
    'take it out; a variable is written ${NAME}',
  ],
  [
    'a tag that does not fit its value',
    'concurrency: !!int four\n',
    'DBB2002 .bootstraprc:1:14 [!!int] the tag "!!int" does not fit its value',
    'take it out',
  ],
  [
    'a merge key that merges no mapping',
    'tasks:\n  a: { use: command, run: x }\n  b: { <<: 5 }\n',
    'DBB2002 .bootstraprc:3:12 [5] this is not valid YAML: a merge key ("<<") takes mappings only',
    'write an alias of a mapping there, such as <<: *name',
  ],
  [
    'a merge key with one alias among several that is of no mapping',
    'grace: &g 5s\ntasks:\n  a: &a { use: command, run: x }\n  b: { <<: [*a, *g] }\n',
    'DBB2002 .bootstraprc:4:17 [*g] this is not valid YAML: a merge key ("<<") takes mappings only',
    'write an alias of a mapping there, such as <<: *name',
  ],
  [
    'a merge key with an alias of nothing',
    'tasks:\n  a: { <<: *b }\n',
    'DBB2002 .bootstraprc:2:12 [*b] this is not valid YAML: an alias has no anchor before it',
    'write the values out where aliases stand',
  ],
  [
    'a key of nothing',
    'tasks: {}\n~: 1\n',
    'DBB2003 .bootstraprc:2:1 [~] unknown key ""',
    'the keys here are $schema, preset, extends, plugins, database, envFile, env, django, tenants, concurrency, timeout, grace, onFailure, reporter, ledger, guards, tasks, profiles',
  ],
  [
    'an unknown key',
    'tasks: {}\nconcurency: 4\n',
    'DBB2003 .bootstraprc:2:1 [concurency] unknown key "concurency"',
    'did you mean "concurrency"?',
  ],
  [
    'an unknown key of a task',
    'tasks:\n  a: { use: command, run: x, timeot: 3s }\n',
    'DBB2003 .bootstraprc:2:30 [timeot] unknown key "timeot" in tasks.a',
    'did you mean "timeout"?',
  ],
  [
    'a misspelled key that is mandatory, as one mistake',
    'tasks:\n  a: { use: command, rnu: x }\n',
    'DBB2003 .bootstraprc:2:22 [rnu] unknown key "rnu" in tasks.a',
    'did you mean "run"?',
  ],
  [
    'an unknown key inside retry',
    'tasks:\n  a:\n    use: command\n    run: x\n    retry:\n      atempts: 3\n',
    'DBB2003 .bootstraprc:6:7 [atempts] unknown key "atempts" in tasks.a.retry',
    'did you mean "attempts"?',
  ],
  [
    'an unknown key of a tenant',
    'tenants:\n  - schema: a\n  - schema: b\n    domian: x\n',
    'DBB2003 .bootstraprc:4:5 [domian] unknown key "domian" in tenants[1]',
    'did you mean "domain"?',
  ],
  [
    'an unknown key of the guards',
    'guards: { allowDestrutive: true }\n',
    'DBB2003 .bootstraprc:1:11 [allowDestrutive] unknown key "allowDestrutive" in guards',
    'did you mean "allowDestructive"?',
  ],
  [
    'an unknown key of the embedded server',
    'database: { embedded: { prot: 3 } }\n',
    'DBB2003 .bootstraprc:1:25 [prot] unknown key "prot" in database.embedded',
    'did you mean "port"?',
  ],
  [
    'an unknown key of a condition',
    'tasks:\n  a: { use: command, run: x, if: { comand: y } }\n',
    'DBB2003 .bootstraprc:2:36 [comand] unknown key "comand" in tasks.a.if',
    'did you mean "command"?',
  ],
  [
    'two questions in one condition',
    'tasks:\n  a: { use: command, run: x, if: { command: y, sql: z } }\n',
    'DBB2003 .bootstraprc:2:48 [sql] "sql" may not stand beside the other keys of tasks.a.if',
    'keep one of them',
  ],
  [
    'a key that is a name of JavaScript',
    'constructor: 2\ntasks: {}\n',
    'DBB2003 .bootstraprc:1:1 [constructor] unknown key "constructor"',
    'the keys here are $schema, preset, extends, plugins, database, envFile, env, django, tenants, concurrency, timeout, grace, onFailure, reporter, ledger, guards, tasks, profiles',
  ],
  [
    'an unknown key of a profile that is not chosen',
    'tasks: {}\nprofiles:\n  ci: { concurency: 2 }\n',
    'DBB2003 .bootstraprc:3:9 [concurency] unknown key "concurency"',
    'did you mean "concurrency"?',
  ],
  [
    'an unknown key of a task in a profile that is not chosen',
    'tasks: { a: { use: command, run: x } }\nprofiles:\n  ci: { tasks: { a: { timout: 3s } } }\n',
    'DBB2003 .bootstraprc:3:23 [timout] unknown key "timout" in tasks.a',
    'did you mean "timeout"?',
  ],
  [
    'a wrong option of a task in a profile that is not chosen',
    'tasks: { a: { use: command, run: x } }\nprofiles:\n  ci: { tasks: { a: { outputs: x } } }\n',
    'DBB2004 .bootstraprc:3:32 [x] tasks.a.outputs must be a list, not a text',
    'put it in brackets: [ … ]',
  ],
  [
    'a task in a profile that no layer has',
    'tasks: { seed: { use: command, run: x } }\nprofiles:\n  ci: { tasks: { sede: { timeout: 3s } } }\n',
    'DBB2012 .bootstraprc:3:18 [sede] task "sede" does not say which kind it is, and "sede" is none',
    'did you mean "seed"?',
  ],
  [
    'infinity',
    'concurrency: .inf\n',
    'DBB2004 .bootstraprc:1:14 [.inf] concurrency must be a number, not a text',
    'write a number here',
  ],
  [
    'a word that no retry knows',
    'tasks:\n  a: { use: command, run: x, retry: { on: [40P01, lokc] } }\n',
    'DBB2004 .bootstraprc:2:51 [lokc] tasks.a.retry.on[1] is not valid: it must be a SQLSTATE, a class of them, an error code, or connection, lock, timeout or exit',
    'write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys',
  ],
  [
    'an error code that does not exist',
    'tasks:\n  a: { use: command, run: x, tolerate: [{ code: DBB9999, reason: y }] }\n',
    'DBB2004 .bootstraprc:2:49 [DBB9999] tasks.a.tolerate[0].code is not valid: there is no such error code',
    'write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys',
  ],
  [
    'a ledger that is none',
    'ledger: fle\n',
    'DBB2004 .bootstraprc:1:9 [fle] ledger must be "file" or "off" or "database" or a mapping of keys',
    'did you mean "file"?',
  ],
  [
    'two documents in one file',
    'tasks: {}\n---\ntasks: {}\n',
    'DBB2002 .bootstraprc:2:1 [---] this is not valid YAML: source contains multiple documents',
    'correct the syntax at this place',
  ],
  [
    'a list that is not closed',
    'tasks:\n  a: { use: command, run: [x }\n',
    'DBB2002 .bootstraprc:2:27 [[] this is not valid YAML: the list that starts here is not closed',
    'close it with "]"',
  ],
  [
    'a text for a number',
    'concurrency: four\n',
    'DBB2004 .bootstraprc:1:14 [four] concurrency must be a number, not a text',
    'write a number here',
  ],
  [
    'a number for a text',
    'tasks:\n  a: { use: command, run: x, tolerate: [{ sqlstate: 23505, reason: y }] }\n',
    'DBB2004 .bootstraprc:2:53 [23505] tasks.a.tolerate[0].sqlstate must be a text, not a number',
    'put it in quotes',
  ],
  [
    'a text for a list',
    'tasks:\n  a: { use: command, run: x }\n  b: { use: command, run: x, needs: a }\n',
    'DBB2004 .bootstraprc:3:37 [a] tasks.b.needs must be a list, not a text',
    'put it in brackets: [ … ]',
  ],
  [
    'a text for a retry',
    'tasks:\n  a: { use: command, run: x, retry: often }\n',
    'DBB2004 .bootstraprc:2:37 [often] tasks.a.retry must be a number or a mapping of keys, not a text',
    'write a number or a mapping of keys here',
  ],
  [
    'a number for a condition',
    'tasks:\n  a: { use: command, run: x, if: 3 }\n',
    'DBB2004 .bootstraprc:2:34 [3] tasks.a.if must be a text or a mapping of keys, not a number',
    'put it in quotes',
  ],
  [
    'a number for a database',
    'database: 3\n',
    'DBB2004 .bootstraprc:1:11 [3] database must be a text or a mapping of keys, not a number',
    'put it in quotes',
  ],
  [
    'a mapping for a variable',
    'env: { A: { b: 1 } }\n',
    'DBB2004 .bootstraprc:1:11 [{ b: 1 }] env.A must be a text or a number or true or false, not a mapping of keys',
    'write a text or a number or true or false here',
  ],
  [
    'a list for the tasks',
    'tasks: [a]\n',
    'DBB2004 .bootstraprc:1:8 [[a]] tasks must be a mapping of keys, not a list',
    'write a mapping of keys here',
  ],
  [
    'a text for a task',
    'tasks: { a: run }\n',
    'DBB2004 .bootstraprc:1:13 [run] tasks.a must be a mapping of keys, not a text',
    'write a mapping of keys here',
  ],
  [
    'a list for the config',
    '- tasks\n',
    'DBB2004 .bootstraprc:1:1 [- tasks] the config must be a mapping of keys, not a list',
    'begin with "preset: django-tenants"',
  ],
  [
    'no attempts at all',
    'tasks:\n  a: { use: command, run: x, retry: { attempts: 0 } }\n',
    'DBB2004 .bootstraprc:2:49 [0] tasks.a.retry.attempts must be at least 1',
    'write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys',
  ],
  [
    'a word that is none of those possible',
    'onFailure: stopp\n',
    'DBB2004 .bootstraprc:1:12 [stopp] onFailure must be "stop", "continue" or "warn"',
    'did you mean "stop"?',
  ],
  [
    'an empty text',
    "database: ''\n",
    "DBB2004 .bootstraprc:1:11 [''] database must not be empty",
    'write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys',
  ],
  [
    'a SQLSTATE that is none',
    "tasks:\n  a: { use: command, run: x, tolerate: [{ sqlstate: '2350', reason: y }] }\n",
    "DBB2004 .bootstraprc:2:53 ['2350'] tasks.a.tolerate[0].sqlstate is not valid: a SQLSTATE has five digits or capitals, such as 23505",
    'write a value that keeps to this; "db-bootstrap config --schema" has the rules of all keys',
  ],
  [
    'a key that occurs twice',
    'tasks:\n  "b c": { use: command, run: x }\n  "b c": { use: command, run: x }\n',
    'DBB2005 .bootstraprc:3:3 ["b c"] the key "b c" occurs twice in the same mapping',
    'keep one of the two',
  ],
  [
    'a tab as indentation',
    'tasks:\n\ta: 1\n',
    'DBB2002 .bootstraprc:2:1 [\t] this is not valid YAML: tabs are not allowed as indentation',
    'correct the syntax at this place',
  ],
  [
    'an alias of nothing',
    'concurrency: *x\n',
    'DBB2002 .bootstraprc:1:14 [*x] this is not valid YAML: an alias has no anchor before it',
    'write the values out where aliases stand',
  ],
  [
    'an alias of itself',
    'tasks: &a\n  b: *a\n',
    'DBB2002 .bootstraprc:2:6 [*a] this is not valid YAML: an alias stands for a value that contains it',
    'write the values out where aliases stand',
  ],
  [
    'an empty config',
    '# nothing but a comment\n',
    'DBB2006 .bootstraprc the config is empty',
    'write at least "preset: django-tenants", or let "db-bootstrap init" write one',
  ],
  [
    'an unknown preset',
    'preset: djngo\n',
    'DBB2008 .bootstraprc:1:9 [djngo] there is no preset "djngo"',
    'did you mean "django"?',
  ],
  [
    'a variable that is not set',
    'database: ${SHOP_URL}\n',
    'DBB2010 .bootstraprc:1:11 [${SHOP_URL}] the variable "SHOP_URL" is not set',
    'set it, or write ${SHOP_URL:-default}, or $${SHOP_URL} where the text itself is meant',
  ],
  [
    'a variable with a message of its own',
    'tasks:\n  a: { use: command, run: "x ${KEY:?ask the admins}" }\n',
    'DBB2010 .bootstraprc:2:27 ["x ${KEY:?ask the admins}"] the variable "KEY" is not set: ask the admins',
    'set it, or write ${KEY:-default}, or $${KEY} where the text itself is meant',
  ],
  [
    'a duration that is none',
    'timeout: 3 minutes\n',
    'DBB2011 .bootstraprc:1:10 [3 minutes] timeout is not a duration',
    'write a number and a unit, such as 250ms, 30s, 1.5m or 2h (at most 24d)',
  ],
  [
    'a duration without a unit',
    "tasks:\n  a: { use: command, run: x, timeout: '30' }\n",
    "DBB2011 .bootstraprc:2:39 ['30'] tasks.a.timeout is not a duration",
    'write the unit: 30s or 30ms',
  ],
  [
    'a number as a duration',
    'grace: 30\n',
    'DBB2011 .bootstraprc:1:8 [30] grace is not a duration',
    'write the unit: 30s or 30ms',
  ],
  [
    'a duration that no timer can wait for',
    'grace: 25d\n',
    'DBB2011 .bootstraprc:1:8 [25d] grace is not a duration',
    'write a number and a unit, such as 250ms, 30s, 1.5m or 2h (at most 24d)',
  ],
  [
    'a number as a duration of a kind',
    'tasks:\n  wait: { deadline: 30 }\n',
    'DBB2011 .bootstraprc:2:21 [30] tasks.wait.deadline is not a duration',
    'write the unit: 30s or 30ms',
  ],
  [
    'a duration of a kind that no timer can wait for',
    'tasks:\n  wait: { interval: 25d }\n',
    'DBB2011 .bootstraprc:2:21 [25d] tasks.wait.interval is not a duration',
    'write a number and a unit, such as 250ms, 30s, 1.5m or 2h (at most 24d)',
  ],
  [
    'a delay that is none',
    'tasks:\n  a: { use: command, run: x, retry: { delay: soon } }\n',
    'DBB2011 .bootstraprc:2:46 [soon] tasks.a.retry.delay is not a duration',
    'write a number and a unit, such as 250ms, 30s, 1.5m or 2h (at most 24d)',
  ],
  [
    'an unknown kind',
    'tasks:\n  a: { use: comand, run: x }\n',
    'DBB2012 .bootstraprc:2:13 [comand] there is no task kind "comand"',
    'did you mean "command"?',
  ],
  [
    'a failure that is tolerated without a reason',
    "tasks:\n  a: { use: command, run: x, tolerate: [{ sqlstate: '23505' }] }\n",
    "DBB2017 .bootstraprc:2:41 [{ sqlstate: '23505' }] tasks.a.tolerate[0].reason is missing",
    'add "reason": why this failure is harmless; it is mandatory',
  ],
  [
    'a reason without a failure',
    'tasks:\n  a: { use: command, run: x, tolerate: [{ reason: y }] }\n',
    'DBB2017 .bootstraprc:2:41 [{ reason: y }] tasks.a.tolerate[0].sqlstate is missing',
    'add "sqlstate": which failure is harmless, or "code" with an error code',
  ],
  [
    'a command without a command',
    'tasks:\n  a: { use: command }\n',
    'DBB2017 .bootstraprc:2:3 [a] tasks.a.run is missing',
    'add "run": a text or a list',
  ],
  [
    'a tenant without a schema',
    'tenants: [{ domain: x }]\n',
    'DBB2017 .bootstraprc:1:11 [{ domain: x }] tenants[0].schema is missing',
    'add "schema": a text',
  ],
  [
    'a schema that stands twice',
    'tenants: [{ schema: a }, { schema: a }]\n',
    'DBB2021 .bootstraprc:1:36 [a] the schema "a" stands twice: tenants[0] has it too',
    'each tenant has a schema and domains of its own',
  ],
  [
    'a need that does not exist',
    'tasks:\n  shared: { use: command, run: x }\n  b: { use: command, run: x, needs: [shraed] }\n',
    'DBB3001 .bootstraprc:3:38 [shraed] task "b" needs "shraed", which does not exist',
    'did you mean "shared"?',
  ],
  [
    'an order after a task that does not exist',
    'tasks:\n  b: { use: command, run: x, after: [zzz] }\n',
    'DBB3001 .bootstraprc:2:38 [zzz] task "b" comes after "zzz", which does not exist',
    'the tasks are b',
  ],
  [
    'a task that needs itself',
    'tasks:\n  b: { use: command, run: x, needs: [b] }\n',
    'DBB3003 .bootstraprc:2:38 [b] task "b" depends on itself',
    'take it out of the list',
  ],
  [
    'a database that is no URL',
    'database: embeded\n',
    'DBB4006 .bootstraprc:1:11 [embeded] the database "embeded" is no URL',
    'did you mean "embedded"?',
  ],
  [
    'the importing key of the loader underneath',
    '$import: ./base.yaml\ntasks: {}\n',
    'DBB2015 .bootstraprc:1:1 [$import] "$import" is not supported: it joins arrays and hides where values come from',
    'use "extends", whose values "config --explain" can name',
  ],
];

describe('mistakes in a config', () => {
  for (const [title, config, said, help] of mistakes) {
    it(`finds ${title}`, async () => {
      const problems = await problemsOf(config, { env: {} });
      assert.deepEqual(problems.map(shown), [[said, help]]);
    });
  }

  it('shows a cycle as its path, at one of its arrows', async () => {
    const task = '{ use: command, run: x, needs: ';
    const config = `tasks:\n  a: ${task}[c] }\n  b: ${task}[a] }\n  c: ${task}[b] }\n  d: ${task}[a] }\n`;
    const [problem, ...others] = await problemsOf(config);
    assert.deepEqual(others, []);
    assert.equal(problem?.code, 'DBB3002');
    assert.match(problem.message, /circle: (?:a → c → b → a|a → b → c → a)$/);
    assert.equal(problem.place?.length, 1);
    assert.ok([2, 3, 4].includes(problem.place.line ?? 0));
  });

  it('names the kinds for a task that says none', async () => {
    const [problem] = await problemsOf('tasks:\n  prices: { run: x }\n');
    assert.equal(
      shown(problem!)[0],
      'DBB2012 .bootstraprc:2:3 [prices] task "prices" does not say which kind it is, and "prices" is none',
    );
    assert.match(problem?.help ?? '', /^add "use:" with one of wait, .*command/);
  });

  it('finds all mistakes at once, in all layers', async () => {
    const problems = await problemsOf(
      {
        'base.yaml': 'concurency: 2\ntasks:\n  a: { use: command, run: x, timeout: soon }\n',
        '.bootstraprc': [
          'extends: ./base.yaml',
          'onFailure: stopp',
          'tasks:',
          '  b: { use: comand }',
          '  c: { use: command, run: x, needs: [bb] }',
          'profiles:',
          '  ci: { reporter: githb }',
          '  dev: { grace: 5 parsecs }',
          '',
        ].join('\n'),
      },
      {
        profile: 'ci',
        env: { DB_BOOTSTRAP_TASKS__C__ENABLED: 'perhaps' },
        set: ['guards.hosts=local'],
        flags: { concurrency: 'many' },
      },
    );
    assert.deepEqual(problems.map((problem) => shown(problem)[0].split(' ').slice(0, 2).join(' ')).sort(), [
      'DBB1003 --concurrency',
      'DBB2003 base.yaml:1:1',
      'DBB2004 --set',
      'DBB2004 .bootstraprc:2:12',
      'DBB2004 .bootstraprc:7:19',
      'DBB2004 DB_BOOTSTRAP_TASKS__C__ENABLED',
      'DBB2011 .bootstraprc:8:17',
      'DBB2011 base.yaml:3:39',
      'DBB2012 .bootstraprc:4:13',
      'DBB3001 .bootstraprc:5:38',
    ]);
  });

  it('counts columns of files with Windows line endings and a byte order mark', async () => {
    const problems = await problemsOf('\uFEFFconcurency: 1\r\ntasks:\r\n  a: { use: comand }\r\n');
    assert.deepEqual(
      problems.map((problem) => shown(problem)[0].split(']')[0]),
      ['DBB2003 .bootstraprc:1:1 [concurency', 'DBB2012 .bootstraprc:3:13 [comand'],
    );
    assert.deepEqual(
      problems.map(({ place }) => place?.source),
      ['concurency: 1', '  a: { use: comand }'],
    );
  });

  it('finds the place of what came in through anchors and merge keys, once', async () => {
    const problems = await problemsOf(
      'tasks:\n  a: &base { use: command, run: x, timeout: soon }\n  b: { <<: *base, retry: 0 }\n  c: *base\n',
    );
    assert.deepEqual(
      problems.map((problem) => shown(problem)[0].split(' must')[0]?.split(' is')[0]),
      ['DBB2011 .bootstraprc:2:45 [soon] tasks.a.timeout', 'DBB2004 .bootstraprc:3:26 [0] tasks.b.retry'],
    );
  });

  it('names keys with odd characters', async () => {
    const [problem] = await problemsOf('tasks:\n  "a.b [0]": { use: command, run: x, retry: 0 }\n');
    assert.equal(problem?.place?.line, 2);
    assert.equal(problem.place.source?.slice((problem.place.column ?? 0) - 1)[0], '0');
  });

  it('finds the mistake in a line of ten thousand characters', async () => {
    const [problem] = await problemsOf(`env: { A: "${'x'.repeat(10_000)}", B: [] }\n`);
    assert.deepEqual([problem?.place?.line, problem?.place?.column, problem?.place?.length], [1, 10_018, 2]);
  });
});
