import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask, tenantEnds } from '../support/django-task.js';
import { addTenants, pictureOf } from '../support/fleet.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { logOf, testMemory, type TestMemory } from '../support/task-context.js';

const kind = tenantMigrations as unknown as TaskKind;
const noted = /replayed from what an earlier run has recorded/;

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`new tenants, in a later run (${set})`, function () {
    this.timeout(120_000);
    let project: TestHost;
    let kept: Map<string, string>;

    const open = (url?: string, directory = 'examples/django-tenants'): Promise<TestHost> =>
      openHost({
        directory,
        settings: 'wholesale.settings.test',
        set,
        kept,
        ...(url === undefined ? {} : { url }),
      });
    /** What a run does with new tenants: its answers are kept when its host is closed. */
    const create = async (schemas: readonly string[]): Promise<TestMemory> => {
      const memory = testMemory();
      const later = await open(project.url, project.directory);
      try {
        await addTenants(later, schemas);
        await kind.run(djangoTask(later, kind, { memory }));
      } finally {
        await later.close();
      }
      return memory;
    };

    beforeEach(async () => {
      kept = new Map();
      project = await open();
      await migrate(project.forTask(), { schema: 'public' });
      assert.doesNotMatch(logOf(await create(['first', 'second'])).join(' '), noted);
    });
    afterEach(() => project.close());

    it('have records of their own, where the first was broken off when it had nothing but the table for them', async () => {
      kept = new Map();
      const later = await open(project.url, project.directory);
      const recorded = async (schema: string): Promise<number> => {
        const rows = await project.rows<{ count: number }>(
          `select count(*)::int as count from ${schema}.django_migrations`,
        );
        return rows[0]?.count ?? 0;
      };
      const before = await recorded('public');
      try {
        await addTenants(later, ['third', 'fourth', 'fifth']);
        await project.rows(
          'create table third.django_migrations (like public.django_migrations including all)',
        );
        await kind.run(djangoTask(later, kind, { memory: testMemory() }));
      } finally {
        await later.close();
      }
      assert.equal(await recorded('public'), before);
      for (const schema of ['third', 'fourth', 'fifth'])
        assert.equal(await recorded(schema), await recorded('first'));
    });

    it('are replayed from the first on, to what Django makes', async () => {
      const memory = await create(['third', 'Fourth & last']);
      assert.match(logOf(memory).join(' '), noted);
      assert.deepEqual(tenantEnds(memory).filter(([, status]) => status === 'migrated').length, 2);
      const theirs = await open(undefined, project.directory);
      try {
        await migrate(theirs.forTask(), { schema: 'public' });
        for (const schemas of [
          ['first', 'second'],
          ['third', 'Fourth & last'],
        ]) {
          await addTenants(theirs, schemas);
          for (const schema of schemas) await migrate(theirs.forTask(), { schema });
        }
        assert.equal(await pictureOf(project.url), await pictureOf(theirs.url));
      } finally {
        await theirs.close();
      }
    });

    it('are replayed where there is only one', async () => {
      assert.match(logOf(await create(['third'])).join(' '), noted);
    });

    it('are recorded anew after a change of the project', async () => {
      await appendFile(join(project.directory, 'wholesale/carriers/models.py'), '\n# changed\n');
      assert.doesNotMatch(logOf(await create(['third', 'fourth'])).join(' '), noted);
      assert.match(logOf(await create(['fifth'])).join(' '), noted);
    });

    it('have a canary again where the first of them is different', async () => {
      const later = await open(project.url, project.directory);
      await addTenants(later, ['a_third', 'fourth', 'fifth']);
      await project.rows('create table a_third.carriers_carrier (id integer)');
      const memory = testMemory();
      const error = await rejection(Promise.resolve(kind.run(djangoTask(later, kind, { memory }))));
      await later.close();
      assert.match(String(error), /1 of 5 tenants failed: a_third/);
      assert.deepEqual(
        Object.fromEntries(tenantEnds(memory)),
        Object.fromEntries([
          ...['first', 'second'].map((schema) => [schema, 'up-to-date']),
          ...['fourth', 'fifth'].map((schema) => [schema, 'migrated']),
          ['a_third', 'failed'],
        ]),
      );
      assert.match(logOf(memory).join('\n'), /a_third: the replay was undone, Django does it/);
      assert.doesNotMatch(logOf(memory).join(' '), noted);
    });
  });
}
