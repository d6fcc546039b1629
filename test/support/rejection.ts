import assert from 'node:assert/strict';
import { BootstrapError } from '../../lib/errors/index.js';

/** The BootstrapError that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<BootstrapError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof BootstrapError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it should have failed' });
}
