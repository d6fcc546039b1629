import assert from 'node:assert/strict';
import type { Plan, TaskContext, TaskKind, TaskResult } from '../../config/define.js';
import { askServer } from '../../lib/postgres/index.js';
import { flush } from '../../tasks/flush.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { testMemory } from '../support/task-context.js';
import { openWholesale, planOf, wholesaleContext, type Wholesale } from '../support/wholesale.js';

const kind = flush as unknown as TaskKind;
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  for (const settings of ['wholesale.settings', 'wholesale.settings_plain']) {
    const tenancy = !settings.endsWith('_plain');

    describe(`task flush (${set}, ${tenancy ? 'tenants' : 'no tenants'})`, function () {
      this.timeout(120_000);
      let project: Wholesale;
      const memory = testMemory();

      before(async () => {
        project = await openWholesale(set, { settings });
        if (!tenancy) return;
        await project.host.request('ensureTenants', {
          update: false,
          plan: false,
          tenants: [{ schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } }],
        });
        await project.manage('migrate_schemas', '--tenant', '-v0');
      });
      after(() => project.close());

      const context = (): TaskContext<unknown> => wholesaleContext(project, { kind, memory, name: 'flush' });
      const plan = (): Promise<Plan> => planOf(kind, context());
      const run = (): Promise<TaskResult> => kind.run(context());

      it('is destructive, so that the guards stand before it', () => assert.equal(kind.destructive, true));

      it('empties the tables, names what is gone, and is up to date the second time', async () => {
        await project.rows(`insert into auth_group (name) values ('a'), ('b')`);
        const expected = tenancy ? '4 rows in 3 tables of 2 schemas' : '3 rows in 2 tables of 1 schema';
        assert.deepEqual(await plan(), { action: 'run', reason: `${expected} would be deleted` });
        const result = await run();
        assert.equal(result.changed, true);
        assert.equal(
          result.summary,
          tenancy ? '4 rows of 3 tables deleted in 2 schemas' : '3 rows of 2 tables deleted in 1 schema',
        );
        assert.deepEqual(
          result.warnings?.map(({ code, message }) => [code, message]),
          tenancy
            ? [
                [
                  'DBB6035',
                  'what these data migrations wrote into emptied tables is gone: accounts.0002_basic_plan, stock.0002_labels',
                ],
              ]
            : [],
        );
        assert.deepEqual(await project.rows('select from auth_group'), []);
        assert.deepEqual(await plan(), { action: 'up-to-date', reason: 'all tables are empty' });
        const again = await run();
        assert.deepEqual(
          [again.changed, again.summary, again.warnings],
          [false, 'all tables were empty', []],
        );
      });

      it('empties nothing over a connection that leads to another database than the proven one', async () => {
        await project.rows(`insert into auth_group (name) values ('kept')`);
        const { identity } = await askServer({ query: (text) => project.rows(text) as never });
        for (const other of [
          { ...identity, oid: '1' },
          { ...identity, started: '0' },
        ]) {
          const refused = project.host.request('flush', { plan: false, database: other });
          await assert.rejects(refused, /another database than the workflow/);
        }
        assert.equal((await project.rows('select from auth_group')).length, 1);
        await project.host.request('flush', { plan: false, database: identity });
        assert.equal((await project.rows('select from auth_group')).length, 0);
      });

      it('refuses where rows outside the models refer to a table', async () => {
        await project.rows(`insert into auth_group (name) values ('a')`);
        await project.rows('create table notes (group_id int references auth_group)');
        await project.rows('insert into notes select id from auth_group');
        for (const attempt of [plan, run]) {
          const error = await rejection(attempt());
          assert.equal(error.code, 'DBB6034');
          assert.match(error.message, /"public\.auth_group" cannot be emptied: rows of "public\.notes"/);
        }
        assert.equal((await project.rows('select from auth_group')).length, 1);
      });
    });
  }
}
