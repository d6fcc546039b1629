import { stopTestServer } from './postgres.js';

/** Mocha calls this once, after the last test. */
export async function mochaGlobalTeardown(): Promise<void> {
  await stopTestServer();
}
