import assert from 'node:assert/strict';
import { nearest } from '../../lib/text/index.js';

const tasks = ['wait', 'init', 'shared', 'tenants', 'tenant-migrations', 'seed'];

describe('nearest', () => {
  it('finds what was meant', () => {
    assert.equal(nearest('shraed', tasks), 'shared');
    assert.equal(nearest('SHARED', tasks), 'shared');
    assert.equal(nearest('tenant-migration', tasks), 'tenant-migrations');
    assert.equal(nearest('tenant', tasks), 'tenants');
    assert.equal(nearest('sede', tasks), 'seed');
    assert.equal(nearest('rnu', ['env', 'run', 'use']), 'run');
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
