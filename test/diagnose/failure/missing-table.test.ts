import assert from 'node:assert/strict';
import { openTemplate, type FailingProject, type Template } from '../../support/failed-task.js';

for (const set of ['old', 'new'] as const) {
  describe(`a relation that does not exist, with ${set} packages`, function () {
    this.timeout(180_000);
    let template: Template;
    let project: FailingProject;
    let manage: string;
    before(async () => {
      template = await openTemplate(set);
      manage = `${template.python} manage.py`;
    });
    after(() => template.close());
    beforeEach(async () => (project = await template.open()));
    afterEach(() => project.close());

    const foreignKeys = (schema: string): Promise<unknown[]> =>
      project.rows(
        `select conname, conrelid::regclass::text like '%rate' as rate from pg_constraint c
           join pg_namespace n on n.oid = c.connamespace where n.nspname = $1 and contype = 'f' order by 1`,
        [schema],
      );

    it('says that a command of a tenant app worked in public, and repairs it with tenant_command', async () => {
      const problem = await project.failCommand(`${manage} carriers`);
      assert.equal(problem.code, 'DBB6073');
      assert.equal(
        problem.message,
        'task "seed" worked in schema "public", where app "carriers" has no tables: it is a tenant app',
      );
      assert.equal(problem.facts?.sqlstate, '42P01');
      assert.deepEqual(problem.facts.schemas, ['corner_shop', 'test_tenant']);
      assert.match(problem.help ?? '', /tenant_command carriers --schema=corner_shop"$/);
      assert.ok(
        problem.notes?.some(
          ({ label, text }) => label === 'symptom' && text === 'relation "carriers_carrier" does not exist',
        ),
      );
      assert.match(problem.output ?? '', /relation "carriers_carrier" does not exist/);
      const [, words = ''] = /manage\.py ([^"]*)"/.exec(problem.help ?? '') ?? [];
      const { code, output } = await project.manage(...words.split(' '));
      assert.equal(code, 0, output);
    });

    it('says that a schema records the migration, and takes the records back where all tables of the app are gone', async () => {
      await project.rows(
        'drop table corner_shop.carriers_carrier, corner_shop.carriers_rate, corner_shop.plants_pickup cascade',
      );
      const problem = await project.failCommand(`${manage} tenant_command carriers --schema=corner_shop`);
      assert.equal(problem.code, 'DBB6012');
      assert.equal(
        problem.message,
        'schema "corner_shop" records migration carriers.0001 as applied, but table "carriers_carrier" does not exist',
      );
      assert.match(
        problem.help ?? '',
        /--schema=corner_shop --fake carriers zero\n.*migrate_schemas --schema=corner_shop$/,
      );
      await project.repair(problem.help ?? '');
      for (const table of ['carriers_carrier', 'carriers_rate', 'plants_pickup']) {
        const [row] = await project.rows<{ there: boolean }>('select to_regclass($1) is not null as there', [
          `corner_shop.${table}`,
        ]);
        assert.equal(row?.there, true, table);
      }
    });

    it('makes only the table anew where later migrations stand', async () => {
      await project.rows('drop table corner_shop.carriers_carrier cascade');
      const problem = await project.failCommand(`${manage} tenant_command carriers --schema=corner_shop`);
      assert.equal(problem.code, 'DBB6012');
      assert.match(problem.notes?.find(({ label }) => label === 'likely')?.text ?? '', /dropped by hand/);
      assert.match(problem.help ?? '', /CREATE TABLE "carriers_carrier"/);
      assert.ok(
        problem.notes?.some(
          ({ label, text }) => label === 'mind' && text.endsWith('carriers.0004_own_collection'),
        ),
      );
      await project.repair(problem.help ?? '');
      const { code, output } = await project.manage('tenant_command', 'carriers', '--schema=corner_shop');
      assert.equal(code, 0, output);
      assert.deepEqual(await foreignKeys('corner_shop'), await foreignKeys('test_tenant'));
    });

    it('names the task that has to come first', async () => {
      await project.rows('drop schema corner_shop cascade');
      await project.rows('drop schema test_tenant cascade');
      await project.rows(`delete from tenants_client`);
      const problem = await project.failCommand(`${manage} carriers`, {
        task: { needs: ['shared'] },
        tasks: [
          { name: 'shared', use: 'shared' },
          { name: 'tenant-migrations', use: 'tenant-migrations', needs: ['shared'] },
        ],
      });
      assert.equal(problem.code, 'DBB5050');
      assert.equal(
        problem.message,
        'task "seed" runs before "tenant-migrations", which makes table "carriers_carrier": it does not need it',
      );
      assert.equal(problem.help, 'add it: "tasks.seed.needs: [shared, tenant-migrations]"');
    });

    it('says that there is no tenant', async () => {
      await project.rows('drop schema corner_shop cascade');
      await project.rows('drop schema test_tenant cascade');
      await project.rows(`delete from tenants_client`);
      const problem = await project.failCommand(`${manage} carriers`);
      assert.equal(problem.code, 'DBB6071');
    });
  });
}
