import type { TaskClient } from '../../config/define.js';
import { Database, digestSchemas, readObjects, resolveConnection } from '../../lib/postgres/index.js';
import { median } from '../pairs.js';

/** What the check of drift does with equal tenants, beside what it would do by their definitions; each in a session of its own, in turn. */
export async function compareDigests(url: string, schemas: readonly string[], rounds: number): Promise<void> {
  const ways: [string, (database: TaskClient) => Promise<number>][] = [
    ['by digest', async (database) => (await digestSchemas(database, schemas)).size],
    [
      'by definitions',
      async (database) => new Set((await readObjects(database, schemas)).map(({ schema }) => schema)).size,
    ],
  ];
  const times = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, [, way]] of ways.entries()) {
      const database = new Database(resolveConnection(url, {}), { applicationName: 'bench' });
      try {
        await database.query('select 1');
        const started = performance.now();
        const size = await way(database);
        if (size !== schemas.length) throw new Error(`${String(size)} schemas have a digest`);
        if (round >= 0) times[index]?.push(performance.now() - started);
      } finally {
        await database.close();
      }
    }
  }
  process.stdout.write(`\ncompare ${String(schemas.length)} catalogs, ${String(rounds)} rounds in turn\n`);
  const ours = median(times[0] ?? []);
  for (const [index, [name]] of ways.entries()) {
    const middle = median(times[index] ?? []);
    process.stdout.write(
      `  ${name.padEnd(34)} ${middle.toFixed(0).padStart(8)} ms  ${(middle / schemas.length).toFixed(1).padStart(7)} ms a tenant  × ${(middle / ours).toFixed(1)}\n`,
    );
  }
}
