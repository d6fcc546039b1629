import assert from 'node:assert/strict';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import type { Kind } from '../../support/django-project.js';
import { examineProject } from '../../support/django-project.js';

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
});
