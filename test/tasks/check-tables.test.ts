import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskKind, TaskResult } from '../../config/define.js';
import { checkTables } from '../../tasks/checks/tables.js';
import { told } from '../support/findings.js';
import { pythonSets } from '../support/python.js';
import { openWholesale, wholesaleContext, wholesaleDirectory, type Wholesale } from '../support/wholesale.js';

const kind = checkTables as unknown as TaskKind;
const foldedMigration = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_labels")]
    operations = [
        migrations.RunSQL(
            "create table tbl_Bin (id bigserial primary key)",
            "drop table tbl_Bin",
            state_operations=[
                migrations.CreateModel(
                    "Bin",
                    [("id", models.BigAutoField(primary_key=True, serialize=False))],
                    options={"db_table": "tbl_Bin"},
                )
            ],
        )
    ]
`;

/** A copy of the project, with an app that has no migrations yet. */
function withNotes(): string {
  const directory = mkdtempSync(join(tmpdir(), 'dbb-tables-'));
  cpSync(wholesaleDirectory, directory, { recursive: true });
  mkdirSync(join(directory, 'notes'));
  writeFileSync(join(directory, 'notes/__init__.py'), '');
  writeFileSync(
    join(directory, 'notes/models.py'),
    'from django.db import models\n\n\nclass Note(models.Model):\n    text = models.TextField()\n',
  );
  appendFileSync(join(directory, 'wholesale/settings_plain.py'), '\nINSTALLED_APPS += ["notes"]\n');
  return directory;
}

const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];

for (const set of sets) {
  describe(`check tables (${set})`, function () {
    this.timeout(120_000);
    let project: Wholesale;

    before(async () => {
      project = await openWholesale(set);
      await project.host.request('ensureTenants', {
        update: false,
        plan: false,
        public: { domain: 'example.com', fields: { name: 'Public', plan: 1000 } },
        tenants: [
          { schema: 'acme', domain: 'acme.example.com', fields: { name: 'Acme', plan: 1000 } },
          { schema: 'Grün & Co', domain: 'gruen.example.com', fields: { name: 'Grün', plan: 1000 } },
        ],
      });
      await project.manage('migrate_schemas', '--tenant', '-v0');
    });
    after(() => project.close());

    const run = (on = project): Promise<TaskResult> => kind.run(wholesaleContext(on, { kind }));

    it('passes where all tables exist', async () => {
      const result = await run();
      assert.deepEqual(result.findings, []);
      assert.deepEqual(
        [result.changed, result.summary],
        [false, 'all tables are as the models have them in 3 schemas'],
      );
    });

    it('knows a table that was made without quotes, under a name in lower case', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dbb-folded-'));
      cpSync(wholesaleDirectory, folder, { recursive: true });
      const file = join(folder, 'stock/models.py');
      const migrations = join(folder, 'stock/migrations/0003_bin.py');
      appendFileSync(file, '\n\nclass Bin(models.Model):\n    class Meta:\n        db_table = "tbl_Bin"\n');
      writeFileSync(migrations, foldedMigration);
      const folded = await openWholesale(set, { database: project.url, directory: folder });
      try {
        await folded.manage('migrate_schemas', '--tenant', '-v0');
        const result = await run(folded);
        assert.deepEqual(
          result.findings?.map(({ code, message, help }) => [code, message, help]),
          ['Grün & Co', 'acme'].map((schema) => [
            'DBB6012',
            `schema "${schema}" has table "tbl_bin", where migration stock.0003 had to make "tbl_Bin": a name without quotes is folded to lower case`,
            `write the name in quotes in the migration, and run: alter table "${schema}"."tbl_bin" rename to "tbl_Bin"`,
          ]),
        );
        await folded.manage('migrate_schemas', '--tenant', '-v0', 'stock', '0002');
      } finally {
        await folded.close();
        rmSync(folder, { recursive: true });
      }
    });

    it('tells a table whose migration is recorded as applied from one whose is not', async () => {
      await project.rows('drop table "Grün & Co".stock_item cascade');
      await project.rows('drop table acme.stock_item_labels');
      await project.rows(`delete from acme.django_migrations where app = 'stock'`);
      const result = await run();
      assert.deepEqual(told(result), [
        [
          'DBB6012',
          'error',
          'schema "Grün & Co" records migration stock.0001 as applied, but table "stock_item" does not exist',
        ],
        [
          'DBB6031',
          'error',
          'table "stock_item_labels" does not exist in schema "acme": migration stock.0001, which makes it, is not applied',
        ],
      ]);
      assert.deepEqual(result.findings?.[0]?.subject, {
        schema: 'Grün & Co',
        table: 'stock_item',
        migration: 'stock.0001_initial',
      });
      assert.equal(result.findings[1]?.help, 'run "db-bootstrap run --from tenant-migrations"');
      assert.equal(result.summary, '2 findings about tables in 3 schemas');
    });

    it('finds a missing column, and no table by the same name elsewhere', async () => {
      await project.rows('alter table public.auth_group rename column name to title');
      await project.rows('create view acme.stock_item_labels as select 1 as id, 2 as item_id, 3 as label_id');
      await project.rows('create table public.stock_item (id int)');
      const result = await run();
      assert.deepEqual(
        result.findings?.map(({ code, subject }) => [code, subject]),
        [
          ['DBB6012', { schema: 'Grün & Co', table: 'stock_item', migration: 'stock.0001_initial' }],
          ['DBB6033', { schema: 'public', table: 'auth_group', column: 'name' }],
        ],
      );
      assert.equal(
        result.findings[1]?.message,
        'column "name" of table "auth_group" does not exist in schema "public": migration auth.0001, which makes it, is recorded as applied',
      );
      assert.match(result.findings[1].help ?? '', /explain DBB6033/);
    });

    it('shows fifty findings in full and counts the rest', async () => {
      const tables = await project.rows<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
          where schemaname in ('acme', 'Grün & Co') and tablename <> 'django_migrations'`,
      );
      for (const { name } of tables) await project.rows(`drop table ${name} cascade`);
      for (let index = 0; index < 5; index++) {
        await project.host.request('ensureTenants', {
          update: false,
          plan: false,
          tenants: [{ schema: `empty${index}`, fields: { name: 'E', plan: 1000 } }],
        });
      }
      const { findings } = await run();
      assert.equal(findings?.length, 51);
      assert.match(findings.at(-1)?.message ?? '', /^\d+ more findings like these$/);
    });
  });

  describe(`check tables with tenants of several types (${set})`, function () {
    this.timeout(120_000);

    it('expects the tables of its type in each tenant', async () => {
      const project = await openWholesale(set, { settings: 'wholesale.settings_types' });
      try {
        await project.host.request('ensureTenants', {
          update: false,
          plan: false,
          tenants: ['small', 'large'].map((size) => ({
            schema: size,
            fields: { name: size, plan: 1000, size },
          })),
        });
        await project.manage('migrate_schemas', '--tenant', '-v0');
        assert.deepEqual(told(await kind.run(wholesaleContext(project, { kind }))), []);
        await project.rows('drop table large.stock_label cascade');
        assert.deepEqual(
          told(await kind.run(wholesaleContext(project, { kind }))).map(([code]) => code),
          ['DBB6012'],
        );
      } finally {
        await project.close();
      }
    });
  });

  describe(`check tables without tenants (${set})`, function () {
    this.timeout(120_000);

    it('looks into the one schema that there is', async () => {
      const project = await openWholesale(set, { settings: 'wholesale.settings_plain' });
      try {
        const run = (): Promise<TaskResult> => kind.run(wholesaleContext(project, { kind }));
        assert.equal((await run()).summary, 'all tables are as the models have them in 1 schema');
        await project.rows('drop table django_site');
        assert.deepEqual(told(await run()), [
          [
            'DBB6012',
            'error',
            'schema "public" records migration sites.0001 as applied, but table "django_site" does not exist',
          ],
        ]);
      } finally {
        await project.close();
      }
    });

    it('tells a column whose migration is not written from one whose migration is not applied', async () => {
      const directory = withNotes();
      const settings = 'wholesale.settings_plain';
      const project = await openWholesale(set, { settings, directory });
      const missing = async (): Promise<unknown> => {
        const on = await openWholesale(set, { settings, directory, database: project.url });
        try {
          const { findings = [] } = await kind.run(wholesaleContext(on, { kind }));
          return findings.map(({ code, message, help }) => [code, message, help]);
        } finally {
          await on.close();
        }
      };
      try {
        await project.manage('makemigrations', 'notes', '-v0');
        await project.manage('migrate', '-v0');
        appendFileSync(join(directory, 'notes/models.py'), '    weight = models.IntegerField(null=True)\n');
        const what = 'column "weight" of table "notes_note" does not exist in schema "public"';
        assert.deepEqual(await missing(), [
          [
            'DBB6033',
            `${what}: no migration makes it`,
            'run "python manage.py makemigrations notes" and commit the file',
          ],
        ]);
        await project.manage('makemigrations', 'notes', '-v0');
        assert.deepEqual(await missing(), [
          [
            'DBB6033',
            `${what}: migration notes.0002, which makes it, is not applied`,
            'run "db-bootstrap run --from migrate"',
          ],
        ]);
        await project.manage('migrate', '-v0');
        assert.deepEqual(await missing(), []);
      } finally {
        await project.close();
        rmSync(directory, { recursive: true });
      }
    });

    it('names the app that has no migrations yet', async () => {
      const directory = withNotes();
      const project = await openWholesale(set, { settings: 'wholesale.settings_plain', directory });
      try {
        const { findings } = await kind.run(wholesaleContext(project, { kind }));

        const found = findings?.find(({ subject }) => subject.table === 'notes_note');
        assert.equal(found?.code, 'DBB6031');
        assert.equal(
          found.message,
          'table "notes_note" does not exist in schema "public": no migration makes it',
        );
        assert.equal(found.help, 'run "python manage.py makemigrations notes" and commit the file');
      } finally {
        await project.close();
        rmSync(directory, { recursive: true });
      }
    });
  });
}
