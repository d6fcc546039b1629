import assert from 'node:assert/strict';
import type { Client } from 'pg';
import { isPooled } from '../../lib/postgres/index.js';

const login = (processID: number, port: number): Client =>
  ({ processID, host: 'pool.test', port }) as unknown as Client;

describe('isPooled', () => {
  it('recognizes a pooler by the process number that it makes up', () => {
    assert.equal(isPooled(login(4711, 1)), false);
    assert.equal(isPooled(login(-5, 2)), true);
    assert.equal(isPooled(login(2 ** 30, 3)), true);
  });

  it('remembers the address, for a number that happens to look like the number of a process', () => {
    assert.equal(isPooled(login(-5, 4)), true);
    assert.equal(isPooled(login(4711, 4)), true);
    assert.equal(isPooled(login(4711, 5)), false);
  });
});
