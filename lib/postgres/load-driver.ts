import type pg from 'pg';

/**
 * Loads the driver when it is first needed. On Node 20, which has no `navigator`, pg makes a `Response` to find out whether it runs
 * on Cloudflare, and that loads all of Node's HTTP client (30 ms); with a `navigator` it looks there.
 */
export async function loadDriver(): Promise<typeof pg> {
  const missing = !('navigator' in globalThis);
  if (missing) {
    Object.defineProperty(globalThis, 'navigator', {
      value: { userAgent: 'Node.js' },
      configurable: true,
    });
  }
  try {
    return (await import('pg')).default;
  } finally {
    if (missing) Reflect.deleteProperty(globalThis, 'navigator');
  }
}
