import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import type { TaskContext, TaskKind, TaskResult } from '../../config/define.js';
import { checkRoles } from '../../tasks/checks/roles.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { testContext } from '../support/task-context.js';

const kind = checkRoles as unknown as TaskKind;

describe('check-roles', () => {
  const app = `App "${String(process.pid)}"`;
  const batch = `batch_${String(process.pid)}`;
  const quoted = `"${app.replaceAll('"', '""')}"`;
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let url: string;
  before(async () => {
    test = await createTestDatabase();
    url = test.url;
    await query(url, `create role ${quoted} login createdb`);
  });
  after(async () => {
    await query(url, `drop role if exists ${quoted}, ${batch}`);
    await test.drop();
  });

  const context = (roles?: unknown): TaskContext<unknown> =>
    testContext({ kind, root: '/', url, options: roles === undefined ? {} : { roles } });
  const run = (roles: unknown): Promise<TaskResult> => kind.run(context(roles));
  const told = ({ findings = [] }: TaskResult): unknown[] =>
    findings.map(({ code, message, help, subject }) => [code, message, help, subject]);

  it('passes where all exist and are as they must be', async () => {
    assert.deepEqual(await run([app, 'postgres']), {
      changed: false,
      summary: '2 of 2 roles exist',
      findings: [],
    });
    assert.deepEqual(
      (await run({ [app]: { login: true, createdb: true, superuser: false }, postgres: {} })).findings,
      [],
    );
  });

  it('names what is missing and what is otherwise, with SQL that mends it', async () => {
    const wanted = {
      [batch]: { login: true, createdb: false },
      [app]: { createdb: false, createrole: true, login: true },
    };
    const result = await run(wanted);
    assert.equal(result.summary, '1 of 2 roles exist');
    assert.deepEqual(told(result), [
      [
        'DBB5014',
        `the role "${batch}" does not exist`,
        `run: create role "${batch}" login nocreatedb;`,
        { role: batch },
      ],
      [
        'DBB5014',
        `the role "${app}" has the attribute createdb`,
        `run: alter role ${quoted} nocreatedb;`,
        { role: app, attribute: 'createdb' },
      ],
      [
        'DBB5014',
        `the role "${app}" lacks the attribute createrole`,
        `run: alter role ${quoted} createrole;`,
        { role: app, attribute: 'createrole' },
      ],
    ]);
    for (const { help = '' } of result.findings ?? []) await query(url, help.replace(/^run: /, ''));
    assert.deepEqual((await run(wanted)).findings, []);
  });

  it('is skipped where none is named, and knows only attributes that roles have', async () => {
    for (const roles of [undefined, [], {}]) {
      assert.deepEqual(await kind.plan?.(context(roles)), { action: 'skip', reason: 'no roles are named' });
    }
    assert.equal((await kind.plan?.(context({ app: {} })))?.action, 'run');
    assert.equal(z.safeParse(kind.options, { roles: { app: { logn: true } } }).success, false);
  });
});
