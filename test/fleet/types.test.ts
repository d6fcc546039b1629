import assert from 'node:assert/strict';
import type { TaskKind } from '../../config/define.js';
import { migrate } from '../../lib/django/index.js';
import { tenantMigrations } from '../../tasks/tenant-migrations.js';
import { djangoTask } from '../support/django-task.js';
import { pictureOf } from '../support/fleet.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonSets } from '../support/python.js';
import { logOf, testMemory } from '../support/task-context.js';
import { wholesaleDirectory } from '../support/wholesale.js';

const kind = tenantMigrations as unknown as TaskKind;
const tenants = ['small', 'large'].flatMap((size) =>
  [1, 2, 3].map((number) => ({
    schema: `${size}_${String(number)}`,
    fields: { name: size, plan: 1000, size },
  })),
);

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`tenants of several types after a replay (${set})`, function () {
    this.timeout(120_000);

    const open = async (): Promise<TestHost> => {
      const settings = 'wholesale.settings_types';
      const project = await openHost({ directory: wholesaleDirectory, settings, set });
      const host = project.forTask();
      await migrate(host, { schema: 'public' });
      await host.request('ensureTenants', { update: false, plan: false, public: null, tenants });
      return project;
    };

    it('are what Django alone would have made, each with the tables of its type', async () => {
      const [ours, theirs] = await Promise.all([open(), open()]);
      try {
        const memory = testMemory();
        await kind.run(djangoTask(ours, kind, { memory }));
        for (const { schema } of tenants) await migrate(theirs.forTask(), { schema });
        // A canary of each type tells what cannot be replayed; whatever stands around that is.
        const told = logOf(memory).filter((line) => line.startsWith('not replayed'));
        assert.equal(told.length, 4, told.join('\n'));
        assert.equal(told.filter((line) => /stock\.0002_labels: RunPython/.test(line)).length, 2);
        assert.equal(await pictureOf(ours.url), await pictureOf(theirs.url));
      } finally {
        await ours.close();
        await theirs.close();
      }
    });
  });
}
