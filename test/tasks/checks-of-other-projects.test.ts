import assert from 'node:assert/strict';
import { found, openFleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';
import { wholesaleDirectory } from '../support/wholesale.js';

const names = [
  'tables',
  'orphans',
  'sequences',
  'drift',
  'content-types',
  'constraints',
  'indexes',
  'foreign-keys',
  'duplicates',
];

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`checks of healthy projects (${set})`, function () {
    this.timeout(120_000);

    it('find nothing in a project without tenants', async () => {
      const plain = await openFleet(set, {
        directory: wholesaleDirectory,
        settings: 'wholesale.settings_plain',
        tenants: [],
      });
      try {
        const summaries: string[] = [];
        for (const name of names) {
          const result = await plain.check(name);
          assert.deepEqual(found(result), [], name);
          summaries.push(result.summary);
        }
        assert.deepEqual(summaries, [
          'all tables are as the models have them in 1 schema',
          'the project has no tenants',
          'no sequence of 9 is behind its column',
          'the project has no tenants',
          'content types and permissions are complete in 1 schema',
          'all constraints are valid',
          'all indexes are valid',
          'foreign keys lead where they should in 1 schema',
          'all unique rules hold in 1 schema',
        ]);
        await plain.rows('alter table auth_group drop constraint auth_group_name_key');
        assert.deepEqual(found(await plain.check('tables')), [
          ['DBB6098', 'error', { schema: 'public', table: 'auth_group', constraint: 'auth_group_name_key' }],
        ]);
      } finally {
        await plain.close();
      }
    });

    it('find nothing and repair in a schema whose name is odd', async () => {
      const fleet = await openFleet(set);
      try {
        const name = `O'Brien "Z" & Söhne`;
        const quoted = `"${name.replaceAll('"', '""')}"`;
        await fleet.rows(`alter schema zoo rename to ${quoted}`);
        await fleet.rows('update tenants_client set schema_name = $1 where schema_name = $2', [name, 'zoo']);
        for (const check of names) assert.deepEqual(found(await fleet.check(check)), [], check);
        await fleet.rows(`delete from ${quoted}.auth_permission where codename = 'view_rate'`);
        await fleet.rows(`alter sequence ${quoted}.auth_permission_id_seq restart`);
        assert.deepEqual(
          (await fleet.fix('sequences')).map(({ subject }) => [subject.schema, subject.sequence]),
          [[name, 'auth_permission_id_seq']],
        );
        assert.deepEqual(
          (await fleet.fix('content-types')).map(({ subject }) => subject.schema),
          [name],
        );
        for (const check of names) assert.deepEqual(found(await fleet.check(check)), [], check);
      } finally {
        await fleet.close();
      }
    });

    it('find nothing among tenants of several types, and compare each with its own kind', async () => {
      const types = await openFleet(set, {
        directory: wholesaleDirectory,
        settings: 'wholesale.settings_types',
        tenants: ['small', 'large', 'huge'].map((schema) => ({
          schema,
          domain: `${schema}.example.com`,
          fields: { name: schema, plan: 1000, size: schema === 'small' ? 'small' : 'large' },
        })),
      });
      try {
        // Its data migration inserts a row with an id of its own.
        assert.equal((await types.fix('sequences')).length, 1);
        for (const name of names) assert.deepEqual(found(await types.check(name)), [], name);
        assert.equal((await types.check('drift')).summary, 'no difference between 3 tenants in 2 states');
        await types.rows('drop table huge.stock_item_labels');
        assert.deepEqual(found(await types.check('drift')), [
          ['DBB6081', 'error', { schema: 'huge', table: 'stock_item_labels', reference: 'large' }],
        ]);
      } finally {
        await types.close();
      }
    });
  });
}
