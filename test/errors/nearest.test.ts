import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editDistance, nearest } from '../../lib/errors/index.js';

const tasks = ['wait', 'init', 'shared', 'tenants', 'tenant-migrations', 'seed'];

describe('nearest', () => {
  it('finds what was meant', () => {
    assert.equal(nearest('shraed', tasks), 'shared');
    assert.equal(nearest('SHARED', tasks), 'shared');
    assert.equal(nearest('tenant-migration', tasks), 'tenant-migrations');
    assert.equal(nearest('tenant', tasks), 'tenants');
    assert.equal(nearest('sede', tasks), 'seed');
  });

  it('needs no time for what nobody can have typed', () => {
    const long = 'x'.repeat(10_000_000);
    assert.equal(nearest(long, [...tasks, `${long}y`]), undefined);
    assert.equal(nearest('seed', [long]), undefined);
  });

  it('finds nothing where nothing is near', () => {
    assert.equal(nearest('x', tasks), undefined);
    assert.equal(nearest('kubernetes', tasks), undefined);
    assert.equal(nearest('shared', []), undefined);
  });

  it('prefers the nearer of two', () => {
    assert.equal(nearest('teste', ['tested', 'tests', 'rested']), 'tested');
  });
});

describe('editDistance', () => {
  it('counts inserts, deletes, replacements and swaps of neighbours', () => {
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('abc', 'abc'), 0);
    assert.equal(editDistance('abc', 'acb'), 1);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });

  it('is symmetric, and zero only for equal texts', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      }),
    );
  });
});
