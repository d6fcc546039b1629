import assert from 'node:assert/strict';
import type { TaskKind, TaskResult, TenantSpec } from '../../config/define.js';
import { checkTenants } from '../../tasks/checks/tenants.js';
import { told } from '../support/findings.js';
import { pythonSets } from '../support/python.js';
import { openWholesale, planOf, wholesaleContext, type Wholesale } from '../support/wholesale.js';

const kind = checkTenants as unknown as TaskKind;
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`check tenants (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;
    const acme = { schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } };
    const zoo = { schema: 'zoo', domain: 'zoo.example.com', fields: { name: 'Zoo', plan: 1000 } };

    before(async () => {
      project = await openWholesale(set, { migrated: false });
    });
    after(() => project.close());

    const run = (tenants: readonly TenantSpec[] = [acme, zoo]): Promise<TaskResult> =>
      kind.run(wholesaleContext(project, { kind, tenants }));

    it('says on an empty database that the configured tenants are missing', async () => {
      assert.deepEqual(told(await run([acme])), [
        ['DBB6029', 'error', 'tenant "acme" is configured, but table "accounts_client" does not exist'],
      ]);
      await project.manage('migrate_schemas', '--shared', '-v0');
      assert.deepEqual(told(await run([acme])), [
        ['DBB6029', 'error', 'tenant "acme" is configured, but it has no row'],
      ]);
    });

    it('passes where rows and domains agree', async () => {
      await project.host.request('ensureTenants', {
        update: false,
        plan: false,
        public: { domain: 'example.com', fields: acme.fields },
        tenants: [acme, zoo],
      });
      const result = await run();
      assert.deepEqual(result.findings, []);
      assert.equal(result.summary, 'rows and domains of 3 tenants agree');
    });

    it('finds a tenant without domain: an error where the config gives it one', async () => {
      await project.rows(`delete from accounts_domain where domain = 'zoo.example.com'`);
      const message = 'tenant "zoo" has no domain, so no request reaches it';
      assert.deepEqual(told(await run()), [['DBB6021', 'error', message]]);
      assert.deepEqual(told(await run([acme])), [['DBB6021', 'warning', message]]);
    });

    it('finds a configured domain that is missing or belongs to another tenant', async () => {
      await project.rows(
        `insert into accounts_domain (domain, tenant_id, is_primary, note)
         select 'zoo.example.net', id, true, '' from accounts_client where schema_name = 'zoo'`,
      );
      assert.deepEqual(told(await run()), [
        ['DBB6021', 'error', 'tenant "zoo" has no domain "zoo.example.com", which the config gives it'],
      ]);
      const both = { ...acme, domains: ['zoo.example.net'] };
      assert.deepEqual(told(await run([both])), [
        ['DBB6017', 'error', 'domain "zoo.example.net" of tenant "acme" belongs to tenant "zoo"'],
      ]);
    });

    it('is skipped where the project has no tenants', async () => {
      const plain = await openWholesale(set, { settings: 'wholesale.settings_plain', migrated: false });
      try {
        assert.deepEqual(await planOf(kind, wholesaleContext(plain, { kind })), {
          action: 'skip',
          reason: 'the project has no tenants',
        });
        assert.equal((await planOf(kind, wholesaleContext(project, { kind }))).action, 'run');
      } finally {
        await plain.close();
      }
    });
  });
}
