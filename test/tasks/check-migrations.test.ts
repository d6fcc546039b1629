import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskKind, TaskResult } from '../../config/define.js';
import { checkMigrations } from '../../tasks/checks/migrations.js';
import { told } from '../support/findings.js';
import { pythonSets } from '../support/python.js';
import { openWholesale, wholesaleContext, wholesaleDirectory, type Wholesale } from '../support/wholesale.js';

const kind = checkMigrations as unknown as TaskKind;
const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`check migrations (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set);
      await project.host.request('ensureTenants', {
        update: false,
        plan: false,
        tenants: [{ schema: 'Ac me', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } }],
      });
    });
    after(() => project.close());

    const run = (on = project): Promise<TaskResult> => kind.run(wholesaleContext(on, { kind }));

    it('finds what is not applied, per schema', async () => {
      const result = await run();
      assert.deepEqual(
        result.findings?.map(({ code, subject, help }) => [code, subject.schema, help]),
        [['DBB6013', 'Ac me', 'run "db-bootstrap run --from tenant-migrations"']],
      );
      assert.match(
        result.findings[0]?.message ?? '',
        /^schema "Ac me" has \d+ migrations that are not applied: .* and \d+ more$/,
      );
      assert.equal(result.summary, '2 schemas: 1 behind');
    });

    it('passes where all are applied', async () => {
      await project.manage('migrate_schemas', '--tenant', '-v0');
      const result = await run();
      assert.deepEqual(result.findings, []);
      assert.equal(result.summary, 'all migrations are applied in 2 schemas');
    });

    it('warns of a recorded migration that is not on disk, without failing', async () => {
      await project.rows(
        `insert into "Ac me".django_migrations (app, name, applied) values ('stock', '0099_later', now())`,
      );
      const result = await run();
      assert.deepEqual(told(result), [
        ['DBB6014', 'warning', 'schema "Ac me" has recorded stock.0099_later, which is not on disk'],
      ]);
      assert.equal(result.summary, '2 schemas: 1 ahead');
    });

    it('says of a schema that is gone that it is gone, not what it lacks', async () => {
      await project.rows('alter schema "Ac me" rename to aside');
      try {
        assert.deepEqual(
          (await run()).findings?.map(({ code, message, help }) => [code, message, help]),
          [
            [
              'DBB6019',
              'tenant "Ac me" has a row, but no schema',
              'add tenant "Ac me" to the config and run "db-bootstrap run --from tenants", or delete its row',
            ],
          ],
        );
      } finally {
        await project.rows('alter schema aside rename to "Ac me"');
      }
    });

    it('finds two leaf migrations of an app', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dbb-conflict-'));
      cpSync(wholesaleDirectory, folder, { recursive: true });
      writeFileSync(
        join(folder, 'stock/migrations/0002_other.py'),
        'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("stock", "0001_initial")]\n',
      );
      const conflicting = await openWholesale(set, { database: project.url, directory: folder });
      try {
        const conflicts = told(await run(conflicting)).filter(([code]) => code === 'DBB6007');
        assert.deepEqual(conflicts, [
          ['DBB6007', 'error', 'app "stock" has 2 leaf migrations: 0002_labels, 0002_other'],
        ]);
      } finally {
        await conflicting.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
}
