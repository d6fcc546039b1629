import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../lib/errors/index.js';
import { checkTables } from '../../../tasks/checks/tables.js';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';
import { testContext } from '../../support/task-context.js';

describe('what the check "tables" finds missing', function () {
  this.timeout(180_000);
  let template: Template;
  let project: FailingProject;
  before(async () => (template = await openTemplate('new')));
  after(() => template.close());
  beforeEach(async () => (project = await template.open()));
  afterEach(async () => {
    // The folder is every test's: what was squashed in one is no matter of the next.
    const migrations = join(project.folder, 'wholesale/carriers/migrations');
    for (const name of readdirSync(migrations))
      if (name.includes('_squashed_')) rmSync(join(migrations, name));
    await project.close();
  });

  const check = async (): Promise<readonly Problem[]> => {
    const context = testContext({
      kind: checkTables,
      options: {},
      root: project.folder,
      url: project.url,
      base: project.env,
      name: 'check-tables',
    });
    Object.defineProperty(context, 'host', { value: project.host() });
    const { findings = [] } = await checkTables.run(context as never);
    return findings;
  };
  const explained = async (): Promise<Problem> =>
    project.explain(await check(), { name: 'check-tables', use: 'check-tables' });

  it('is told with how it happened and the commands that repair it: a table', async () => {
    await project.rows('drop table corner_shop.carriers_rate');
    const problem = await explained();
    assert.equal(problem.code, 'DBB6012');
    assert.match(problem.notes?.find(({ label }) => label === 'likely')?.text ?? '', /dropped by hand/);
    assert.match(
      problem.help ?? '',
      /--schema=corner_shop --fake carriers 0002_\w+\npython manage\.py migrate_schemas --schema=corner_shop carriers$/,
    );
    await project.repair(problem.help ?? '');
    assert.deepEqual(await check(), []);
  });

  it('a column, whose migration is recorded', async () => {
    await project.rows('alter table corner_shop.carriers_carrier drop column active');
    const problem = await explained();
    assert.equal(problem.code, 'DBB6070');
    assert.deepEqual(
      [problem.facts?.schema, problem.facts?.table, problem.facts?.column],
      ['corner_shop', 'carriers_carrier', 'active'],
    );
    await project.repair(problem.help ?? '');
    // An index of a later migration went with the column.
    const [index, ...others] = await check();
    assert.equal(index?.code, 'DBB6098');
    assert.deepEqual(others, []);
    await project.rows((index.help ?? '').replace(/^run: /, ''));
    assert.deepEqual(await check(), []);
  });

  it('a column, whose migration is not applied, which a run makes', async () => {
    assert.equal((await project.manage('migrate_schemas', '--tenant', 'carriers', '0001')).code, 0);
    const problem = await explained();
    assert.equal(problem.code, 'DBB6033');
    assert.match(problem.help ?? '', /^run "db-bootstrap run --from tenant-migrations"$/);
  });

  for (const [what, code, last, message] of [
    ['a column', 'DBB6033', '0002', 'column "active" of table "carriers_carrier"'],
    ['a table', 'DBB6031', '0003', 'table "carriers_rate"'],
  ] as const)
    it(`${what}, whose migration was squashed while a part of it was applied, which a run makes`, async () => {
      const before = last === '0002' ? '0001' : '0002';
      const back = await project.manage('migrate_schemas', '--tenant', 'carriers', before);
      assert.equal(back.code, 0, back.output);
      const squash = ['squashmigrations', '--noinput', 'carriers', '0001', last];
      const made = await project.manage(...squash);
      assert.equal(made.code, 0, made.output);
      const found = (await check()).filter((each) => each.message.startsWith(message));
      const problem = await project.explain(found, { name: 'check-tables', use: 'check-tables' });
      assert.deepEqual(
        [problem.code, problem.help],
        [code, 'run "db-bootstrap run --from tenant-migrations"'],
      );
      assert.match(problem.message, /migration carriers\.0001, which makes it, is not applied$/);
    });
});
