import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asError } from '../../lib/errors/index.js';

describe('what was thrown', () => {
  it('is the error itself where that can be told', () => {
    const error = new TypeError('no');
    assert.equal(asError(error), error);
  });

  for (const [thrown, message] of [
    ['no', 'no'],
    [null, 'null was thrown'],
    [undefined, 'undefined was thrown'],
    [{ code: 1 }, '{ code: 1 } was thrown'],
    [Symbol('no'), 'Symbol(no) was thrown'],
    [Object.create(null), '[Object: null prototype] {} was thrown'],
    [hostile(), '{ toString: [Function: toString] } was thrown'],
  ] as const) {
    it(`is told where it is no error: ${message}`, () => {
      assert.equal(asError(thrown).message, message);
    });
  }

  it('is told where its message is no text, or throws when it is read', () => {
    assert.match(asError(Object.assign(new Error(), { message: 7 })).message, /7/);
    const trap = new Proxy(new Error('no'), {
      get: () => {
        throw new Error('a trap');
      },
      getPrototypeOf: () => {
        throw new Error('a trap');
      },
    });
    assert.equal(asError(trap).message, 'something was thrown that cannot be looked at');
  });

  it('has a message and a name, whatever it was', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const { message, name } = asError(thrown);
        assert.equal(typeof message, 'string');
        assert.equal(typeof name, 'string');
      }),
    );
  });
});

function hostile(): object {
  return {
    toString() {
      throw new Error('a trap');
    },
  };
}
