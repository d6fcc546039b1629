import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyAlone, migrate } from '../../lib/django/index.js';
import { addTenants } from '../support/fleet.js';
import { openHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';

const example = join(process.cwd(), 'examples/django-tenants');
const tenants = ['first', 'second', 'third'];

// Code of the project's that leaves its traces in the session, and notes those that it finds.
const migration = `
from django.db import migrations


def note(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "create table noted as select pg_backend_pid() as pid, current_setting('statement_timeout') as timeout,"
            " current_user::text as role, current_setting('TimeZone') as zone,"
            " current_setting('DateStyle') as style"
        )
        cursor.execute("prepare mine as select 1")
        cursor.execute("create temporary table mine (id int)")
        cursor.execute("set statement_timeout = '77s'")
        cursor.execute("set timezone = 'Asia/Tokyo'")
        cursor.execute("set role pg_read_all_data")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("carriers", "0004_own_collection")]
    operations = [migrations.RunPython(note), migrations.RunSQL("reset role")]
`;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`the connection of the host (${set})`, function () {
    this.timeout(60_000);

    for (const by of ['the whole command', 'one migration alone'])
      it(`is kept from tenant to tenant by ${by}, and nothing that code has set in it`, async () => {
        const project = await openHost({ directory: example, settings: 'wholesale.settings.test', set });
        try {
          // psycopg2 asks for dates that it can read when it connects; psycopg does not, and cannot read these.
          if (set === 'old')
            await project.rows(
              `do $$ begin execute format('alter database %I set datestyle = %L', current_database(), 'German, DMY'); end $$`,
            );
          const host = project.forTask();
          await migrate(host, { schema: 'public' });
          await addTenants(project, tenants);
          const alone = by !== 'the whole command';
          if (alone)
            for (const schema of tenants)
              await migrate(host, { schema, app: 'carriers', migration: '0004_own_collection' });
          await writeFile(join(project.directory, 'wholesale/carriers/migrations/0005_noted.py'), migration);
          for (const schema of tenants)
            if (alone)
              await applyAlone(host, { schema, migrations: [{ app: 'carriers', name: '0005_noted' }] });
            else await migrate(host, { schema });
          const [first, ...others] = await Promise.all(
            tenants.map(async (schema) => (await project.rows(`select * from "${schema}".noted`))[0]),
          );
          assert.equal(first?.timeout, '0');
          assert.notEqual(first.zone, 'Asia/Tokyo');
          for (const other of others) assert.deepEqual(other, first);
        } finally {
          await project.close();
        }
      });
  });
}
