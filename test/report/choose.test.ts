import assert from 'node:assert/strict';
import { chooseReporter } from '../../lib/report/index.js';

describe('chooseReporter', () => {
  it('takes the flag before the config, and both before the surroundings', () => {
    const env = { GITHUB_ACTIONS: 'true' };
    assert.equal(chooseReporter({ flag: 'ndjson', config: 'silent', env, isTTY: true }), 'ndjson');
    assert.equal(chooseReporter({ config: 'silent', env, isTTY: true }), 'silent');
  });

  it('chooses by the surroundings', () => {
    assert.equal(chooseReporter({ env: { GITHUB_ACTIONS: 'true', CI: 'true' }, isTTY: false }), 'github');
    assert.equal(chooseReporter({ env: { TERM: 'xterm' }, isTTY: true }), 'default');
    assert.equal(chooseReporter({ env: { TERM: 'xterm', CI: 'false' }, isTTY: true }), 'default');
    assert.equal(chooseReporter({ env: { TERM: 'dumb' }, isTTY: true }), 'append-only');
    assert.equal(chooseReporter({ env: { CI: 'true' }, isTTY: true }), 'append-only');
    assert.equal(chooseReporter({ env: {}, isTTY: false }), 'append-only');
  });
});
