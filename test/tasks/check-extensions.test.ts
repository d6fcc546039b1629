import assert from 'node:assert/strict';
import type { TaskContext, TaskKind } from '../../config/define.js';
import { checkExtensions } from '../../tasks/checks/extensions.js';
import { createTestDatabase, query } from '../support/postgres.js';
import { testContext } from '../support/task-context.js';

const kind = checkExtensions as unknown as TaskKind;

describe('check-extensions', () => {
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  before(async () => {
    test = await createTestDatabase();
    await query(test.url, 'create extension "uuid-ossp"');
  });
  after(() => test.drop());

  const context = (extensions?: readonly string[]): TaskContext<unknown> =>
    testContext({ kind, root: '/', url: test.url, options: extensions && { extensions } });

  it('passes where all are installed', async () => {
    assert.deepEqual(await kind.run(context(['uuid-ossp', 'plpgsql'])), {
      changed: false,
      summary: '2 of 2 extensions are installed',
      findings: [],
    });
  });

  it('names each that is missing, in the order of the config, with SQL that installs it', async () => {
    const { findings = [], summary } = await kind.run(context(['pg_trgm', 'uuid-ossp', 'citext']));
    assert.equal(summary, '1 of 3 extensions are installed');
    assert.deepEqual(
      findings.map(({ code, message, subject }) => [code, message, subject]),
      ['pg_trgm', 'citext'].map((name) => [
        'DBB5013',
        `the extension "${name}" is not installed in the database "${test.name}"`,
        { extension: name },
      ]),
    );
    for (const { help = '' } of findings) await query(test.url, help.replace(/^run: /, ''));
    assert.deepEqual((await kind.run(context(['pg_trgm', 'citext']))).findings, []);
  });

  it('is skipped where none is named', async () => {
    assert.deepEqual(await kind.plan?.(context()), { action: 'skip', reason: 'no extensions are named' });
    assert.equal((await kind.plan?.(context(['citext'])))?.action, 'run');
  });
});
