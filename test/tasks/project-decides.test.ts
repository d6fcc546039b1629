import assert from 'node:assert/strict';
import type { TaskKind } from '../../config/define.js';
import { checkOrphans } from '../../tasks/checks/orphans.js';
import { checkTables } from '../../tasks/checks/tables.js';
import { checkTenants } from '../../tasks/checks/tenants.js';
import { flush } from '../../tasks/flush.js';
import { tenants as tenantsTask } from '../../tasks/tenants.js';
import { told } from '../support/findings.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { openWholesale, wholesaleContext, type Wholesale } from '../support/wholesale.js';

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`a project that decides which tenants there are (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;
    const tenants = ['acme', 'zoo', 'gone'].map((schema) => ({
      schema,
      domain: `${schema}.example.com`,
      domains: [`www.${schema}.example.com`],
      fields: { name: schema, plan: 1000 },
    }));
    const run = (kind: unknown): ReturnType<TaskKind['run']> =>
      (kind as TaskKind).run(wholesaleContext(project, { kind: kind as TaskKind, tenants, options: {} }));

    before(async () => {
      project = await openWholesale(set, { settings: 'wholesale.settings_decides' });
    });
    after(() => project.close());

    it('says that without any tenant the tables of tenant apps are nowhere', async () => {
      const [[code, severity, message] = ['', '', ''], ...rest] = told(await run(checkTables));
      assert.deepEqual(rest, []);
      assert.deepEqual([code, severity], ['DBB6071', 'warning']);
      assert.match(message, /^there is no tenant: \d+ tables of tenant app "stock" exist nowhere,/);
    });

    it('says that no domain leads to the public schema', async () => {
      const found = told(await run(checkTenants)).filter(([code]) => code === 'DBB6021');
      assert.deepEqual(found, [
        ['DBB6021', 'warning', 'the public tenant has no row, so no domain leads to schema "public"'],
      ]);
    });

    it('reads back from the database that is written when it makes tenants', async () => {
      const kind = tenantsTask as unknown as TaskKind;
      const made = await kind.run(
        wholesaleContext(project, { kind, tenants, options: { update: false, public: false } }),
      );
      assert.equal(made.summary, '3 tenants created');
      assert.deepEqual(
        await project.rows(`select count(*)::int as n from accounts_domain where is_primary`),
        [{ n: 3 }],
      );
    });

    it('leaves those alone that its manager hides, as django_tenants does', async () => {
      await project.rows(`update accounts_client set name = 'frozen' where schema_name in ('zoo', 'gone')`);
      await project.rows('drop schema gone cascade');
      const { schemas } = await project.host.request<{ schemas: { schema: string }[] }>('states', {});
      assert.deepEqual(
        schemas.map(({ schema }) => schema),
        ['public', 'acme'],
      );
      assert.deepEqual(told(await run(checkOrphans)), []);
    });

    it('says which hidden tenants a flush keeps', async () => {
      for (const schema of ['acme', 'zoo']) {
        await project.manage('migrate_schemas', '--schema', schema, '-v0');
        await project.rows(`insert into ${schema}.stock_item (name) values ('a')`);
      }
      const { summary } = await run(flush);
      assert.match(summary, /deleted in .*; 1 tenant that the tenant model's manager hides kept: "zoo"$/);
      const left = await project.rows(
        'select (select count(*)::int from acme.stock_item) as acme, (select count(*)::int from zoo.stock_item) as zoo',
      );
      assert.deepEqual(left, [{ acme: 0, zoo: 1 }]);
    });

    it('empties nothing that a hidden tenant refers to', async () => {
      await project.rows('alter table zoo.stock_item add site_id bigint references public.django_site (id)');
      await project.rows('update zoo.stock_item set site_id = (select min(id) from public.django_site)');
      const problem = await rejection(run(flush));
      assert.equal(problem.code, 'DBB6034');
      assert.match(problem.message, /"zoo\.stock_item", of a tenant that the tenant model's manager hides,/);
      assert.equal(problem.problems[0].help, 'delete the rows of "zoo.stock_item" yourself, then run again');
      await project.rows('delete from zoo.stock_item');
      await run(flush);
    });
  });
}
