import assert from 'node:assert/strict';
import { Database, resolveConnection } from '../../../lib/postgres/index.js';
import { askCatalog } from '../../../lib/postgres/index.js';
import { createTestDatabase } from '../../support/postgres.js';

describe('a statement over a whole catalog', () => {
  it('runs with its values and without the compiler, which the session has again behind it', async () => {
    const target = await createTestDatabase();
    const database = new Database(resolveConnection(target.url, {}), {
      applicationName: 'db-bootstrap/test',
    });
    try {
      await database.query('set jit = on');
      const one = `O'Brien \\ "$1" $2`;
      const rows = await askCatalog(
        database,
        `select $1 as one, $2::text[] as several, $3::text[] as none, current_setting('jit') as jit`,
        [one, [one, 'a,b', '{}'], []],
      );
      assert.deepEqual(rows, [{ one, several: [one, 'a,b', '{}'], none: [], jit: 'off' }]);
      assert.deepEqual(await database.query('show jit'), [{ jit: 'on' }]);
    } finally {
      await database.close();
      await target.drop();
    }
  });
});
