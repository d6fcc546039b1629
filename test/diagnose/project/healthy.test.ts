import assert from 'node:assert/strict';
import { join } from 'node:path';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { loadWorkflow } from '../../../config/index.js';
import type { Evidence } from '../../../lib/diagnose/index.js';
import { builtinKinds } from '../../../tasks/index.js';
import { wholesaleDirectory } from '../../support/wholesale.js';
import type { Kind } from '../../support/django-project.js';
import { examineFolder, examineProject } from '../../support/django-project.js';

describe('healthy projects', () => {
  const kinds: readonly Kind[] = ['plain', 'tenants', 'types'];
  for (const kind of kinds)
    for (const set of ['old', 'new'] as const)
      it(`finds nothing in a healthy project (${kind}, ${set})`, async () => {
        const { findings, leftOut } = await examineProject(projectRules, () => undefined, { kind, set });
        assert.deepEqual(findings, []);
        assert.deepEqual(
          leftOut.filter(({ lacks }) => lacks === 'host'),
          [],
        );
      });

  it('finds nothing in a healthy project whose manage.py stands in a folder of its own', async () => {
    const { findings } = await examineProject(projectRules, () => undefined, { folder: 'backend' });
    assert.deepEqual(findings, []);
  });

  for (const set of ['old', 'new'] as const)
    it(`finds nothing in the example, with its config (${set})`, async () => {
      const evidence = async (cwd: string): Promise<Partial<Evidence>> => {
        const env = { DATABASE_URL: 'postgres://shop:secret-password@127.0.0.1:1/shop_test' };
        return { workflow: (await loadWorkflow({ cwd, env, builtinKinds })).workflow };
      };
      const { findings } = await examineFolder(projectRules, join(process.cwd(), 'examples/django-tenants'), {
        set,
        evidence,
        settings: 'wholesale.settings.test',
      });
      assert.deepEqual(findings, []);
    });

  for (const settings of ['wholesale.settings', 'wholesale.settings_plain', 'wholesale.settings_types'])
    it(`finds nothing in a project with three kinds of settings (${settings})`, async () => {
      const { findings } = await examineFolder(projectRules, wholesaleDirectory, { settings });
      assert.deepEqual(findings, []);
    });
});
