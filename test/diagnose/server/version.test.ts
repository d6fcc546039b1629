import assert from 'node:assert/strict';
import { serverVersion } from '../../../lib/diagnose/server/version.js';
import { makeProject } from '../../support/embedded.js';
import { findingsWith } from '../../support/evidence.js';
import { testServer } from '../../support/postgres.js';

describe('rule: server-version', function () {
  this.timeout(120_000);

  it('finds a server that is older than 14', async () => {
    const project = makeProject(13);
    try {
      const { url } = await project.start();
      const [finding, ...others] = await findingsWith([serverVersion], { url });
      assert.deepEqual(others, []);
      assert.equal(finding?.code, 'DBB4040');
      assert.equal(finding.subject.setting, 'server_version');
      assert.match(finding.evidence.join('\n'), /server_version_num = 13\d{4}/);
      assert.match(finding.help ?? '', /postgres:14 or newer/);
    } finally {
      await project.remove();
    }
  });

  it('finds nothing wrong with newer ones', async () => {
    const { url } = await testServer();
    assert.deepEqual(await findingsWith([serverVersion], { url }), []);
  });
});
