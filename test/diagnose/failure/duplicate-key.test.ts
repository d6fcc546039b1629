import assert from 'node:assert/strict';
import type { Problem } from '../../../lib/errors/index.js';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';

const note = (problem: Problem, label: string): string | undefined =>
  problem.notes?.find((each) => each.label === label)?.text;

for (const set of ['old', 'new'] as const) {
  describe(`a duplicate key, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    let add: (code: string) => string;
    before(async () => {
      template = await openTemplate(set);
      add = (code) =>
        `${template.python} manage.py tenant_command carriers --schema=corner_shop 'Carrier.objects.create(code="${code}", name="x")'`;
    });
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    it('names the sequence that is behind, with both numbers, and sets it', async () => {
      await project.rows(
        `insert into corner_shop.carriers_carrier (id, code, name, tracking_url, active)
         select n, 'C' || n, 'c', '', true from generate_series(2, 40) n`,
      );
      const problem = await project.failCommand(add('NEW'));
      assert.equal(problem.code, 'DBB5054');
      assert.equal(
        problem.message,
        'the sequence of "carriers_carrier"."id" in schema "corner_shop" is behind: its next value is 3, and ids up to 40 exist',
      );
      assert.equal(problem.facts?.sqlstate, '23505');
      assert.equal(problem.facts.max, '40');
      await project.repair(problem.help ?? '');
      const ended = await project.manage(
        'tenant_command',
        'carriers',
        '--schema=corner_shop',
        'Carrier.objects.create(code="NEW", name="x")',
      );
      assert.equal(ended.code, 0, ended.output);
    });

    it('names the task that inserts again, and the row', async () => {
      const problem = await project.failCommand(add('OWN'));
      assert.equal(problem.code, 'DBB5055');
      assert.equal(
        problem.message,
        'task "seed" inserts a row that exists already: "carriers_carrier" in schema "corner_shop" has (code) = (OWN)',
      );
      assert.equal(note(problem, 'row'), 'id = 1, code = OWN');
      assert.match(note(problem, 'constraint') ?? '', /^"carriers_carrier_code_\w+" on \(code\)$/);
      assert.match(problem.help ?? '', /get_or_create\(code=…\)/);
      assert.match(problem.output ?? '', /duplicate key value/);
    });
  });
}

describe('a duplicate key in SQL', function () {
  this.timeout(60_000);
  let template: Template;
  let project: FailingProject;
  before(async () => {
    template = await openTemplate('new');
    project = await template.open();
  });
  after(async () => {
    await project.close();
    await template.close();
  });

  it('knows serial columns, and quotes what has to be quoted', async () => {
    await project.rows(
      'create schema "Odd schema"; create table "Odd schema"."Odd" ("Key" serial primary key, other text); insert into "Odd schema"."Odd" values (1), (2)',
    );
    const insert = `insert into "Odd schema"."Odd" (other) values ('x')`;
    const problem = await project.failWork((database) => database.query(insert));
    assert.equal(problem.code, 'DBB5054');
    assert.equal(
      problem.help,
      `select setval(pg_get_serial_sequence('"Odd schema"."Odd"', 'Key'), (select max("Key") from "Odd schema"."Odd"));`,
    );
    await project.repair(problem.help);
    await project.rows(insert);
  });

  it('shows no value of a column that may be a secret', async () => {
    await project.rows(
      `create table keys (id int primary key, api_token text unique); insert into keys values (1, 'hunter2')`,
    );
    const problem = await project.failWork((database) =>
      database.query(`insert into keys values (2, 'hunter2')`),
    );
    assert.equal(problem.code, 'DBB5055');
    assert.doesNotMatch(
      JSON.stringify({
        ...problem,
        facts: { ...problem.facts, statement: '' },
        notes: problem.notes?.filter(({ label }) => label !== 'statement'),
      }),
      /hunter2/,
    );
    assert.equal(note(problem, 'row'), 'id = 1');
    assert.match(problem.help ?? '', /on conflict \("api_token"\) do nothing/);
  });
});
