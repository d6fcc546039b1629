import assert from 'node:assert/strict';
import { found, openFleet, type Fleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check content-types (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    it('passes where Django has filled them', async () => {
      assert.deepEqual(await fleet.check('content-types'), {
        changed: false,
        summary: 'content types and permissions are complete in 4 schemas',
        findings: [],
      });
    });

    it('finds what is missing in one schema, and makes it again as Django had it', async () => {
      const content = (): Promise<Record<string, unknown>[]> =>
        fleet.rows(
          `select c.app_label, c.model, p.codename, p.name from "Grün & Co".django_content_type c
             left join "Grün & Co".auth_permission p on p.content_type_id = c.id order by 1, 2, 3`,
        );
      const before = await content();
      await fleet.rows(
        `delete from "Grün & Co".auth_permission where codename in ('view_carrier', 'add_rate', 'change_rate', 'delete_rate', 'view_rate')`,
      );
      await fleet.rows(`delete from "Grün & Co".django_content_type where model = 'rate'`);
      const result = await fleet.check('content-types');
      assert.deepEqual(found(result), [
        ['DBB6082', 'error', { schema: 'Grün & Co', contentType: 'carriers.rate' }],
        ['DBB6082', 'error', { schema: 'Grün & Co', permission: 'carriers.view_carrier' }],
      ]);
      assert.equal(result.findings?.[0]?.message, 'schema "Grün & Co" has no content type "carriers.rate"');
      assert.equal(result.findings[0].help, 'run "db-bootstrap check --fix --only content-types"');
      assert.deepEqual(
        (await fleet.fix('content-types')).map(({ message }) => message),
        ['1 content type and 5 permissions added to schema "Grün & Co"'],
      );
      assert.deepEqual(await content(), before);
      assert.deepEqual(found(await fleet.check('content-types')), []);
      assert.deepEqual(await fleet.fix('content-types'), []);
    });

    it('takes names with tabs and line ends as they are', async () => {
      const hostile = String.raw`E'plants\nplants\tplant\n'`;
      await fleet.rows(
        `insert into zoo.django_content_type (app_label, model) values (${hostile}, 'x'), ('x', ${hostile})`,
      );
      await fleet.rows(
        `insert into zoo.auth_permission (name, content_type_id, codename)
           select 'a', id, E'a\\tb\\n\\t\\tc\\t1' from zoo.django_content_type where 'x' in (app_label, model)`,
      );
      assert.deepEqual(found(await fleet.check('content-types')), []);
    });

    it('finds what is there twice, and a permission that belongs to nothing; these it leaves to people', async () => {
      await fleet.rows(
        'alter table zoo.django_content_type drop constraint django_content_type_app_label_model_76bd3d3b_uniq',
      );
      await fleet.rows(`insert into zoo.django_content_type (app_label, model) values ('plants', 'plant')`);
      const [key] = await fleet.rows<{ conname: string }>(
        `select conname from pg_constraint where conrelid = 'zoo.auth_permission'::regclass and contype = 'f'`,
      );
      await fleet.rows(`alter table zoo.auth_permission drop constraint "${key?.conname ?? ''}"`);
      await fleet.rows(
        `insert into zoo.auth_permission (name, content_type_id, codename) values ('Lost', 4711, 'lost'), ('Lost', 4712, E'lo\\n::st')`,
      );
      const result = await fleet.check('content-types');
      assert.deepEqual(found(result), [
        ['DBB6083', 'error', { schema: 'zoo', contentType: 'plants.plant' }],
        ['DBB6084', 'error', { schema: 'zoo', permission: 'lost' }],
        ['DBB6084', 'error', { schema: 'zoo', permission: 'lo\n::st' }],
      ]);
      assert.equal(
        result.findings?.[1]?.message,
        'permission "lost" in schema "zoo" belongs to content type 4711, which does not exist',
      );
      assert.equal(
        result.findings[2]?.message,
        'permission "lo\\n::st" in schema "zoo" belongs to content type 4712, which does not exist',
      );
      assert.deepEqual(await fleet.fix('content-types'), []);
      for (const { help = '' } of result.findings.slice(1)) await fleet.rows(help.replace(/^.*run: /, ''));
      assert.deepEqual(
        found(await fleet.check('content-types')).map(([code]) => code),
        ['DBB6083'],
      );
    });
  });
}
