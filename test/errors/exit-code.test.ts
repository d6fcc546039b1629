import assert from 'node:assert/strict';
import { BootstrapError, exitCodeOf, type ErrorCode } from '../../lib/errors/index.js';

const exitCodes: readonly (readonly [ErrorCode, number])[] = [
  ['DBB1001', 2],
  ['DBB2003', 2],
  ['DBB3001', 2],
  ['DBB4001', 1],
  ['DBB4005', 2],
  ['DBB4006', 2],
  ['DBB4008', 4],
  ['DBB4020', 2],
  ['DBB5001', 1],
  ['DBB5016', 124],
  ['DBB6011', 1],
  ['DBB8001', 5],
  ['DBB9001', 70],
  ['DBB9002', 70],
];

describe('exitCodeOf', () => {
  for (const [code, exitCode] of exitCodes) {
    it(`is ${exitCode} for ${code}`, () => {
      assert.equal(exitCodeOf(new BootstrapError({ code, message: 'x' })), exitCode);
    });
  }

  it('is that of the first problem', () => {
    const problems = [
      { code: 'DBB8001', message: 'x' },
      { code: 'DBB2003', message: 'y' },
    ] as const;
    assert.equal(exitCodeOf(new BootstrapError(problems)), 5);
  });

  it('is 70 for anything that is no BootstrapError', () => {
    assert.equal(exitCodeOf(new TypeError('x')), 70);
    assert.equal(exitCodeOf('x'), 70);
    assert.equal(exitCodeOf(undefined), 70);
  });
});
