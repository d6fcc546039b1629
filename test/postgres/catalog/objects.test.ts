import assert from 'node:assert/strict';
import { Database, digestSchemas, quoteIdentifier, resolveConnection } from '../../../lib/postgres/index.js';
import { baseSchema, seen, unseen } from '../../support/drift-alterations.js';
import { makeProject } from '../../support/embedded.js';
import { createTestDatabase } from '../../support/postgres.js';

const asTheyAre = ['base', `O'Brien "Ä" & Co.x`];

/** A database on each of these servers; 15 stands for that of the machine, whatever it is. */
const servers = {
  14: () => embedded(14),
  15: createTestDatabase,
  18: () => embedded(18),
};

async function embedded(major: 14 | 18): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const project = makeProject(major);
  const { url } = await project.start();
  return { url, drop: () => project.remove() };
}

for (const [name, open] of Object.entries(servers)) {
  describe(`digests of schemas (PostgreSQL ${name})`, function () {
    this.timeout(300_000);
    let target: { readonly url: string; drop(): Promise<void> };
    let database: Database;
    let alterations: readonly string[];
    before(async () => {
      target = await open();
      database = new Database(resolveConnection(target.url, {}), { applicationName: 'db-bootstrap/test' });
      await database.query(
        'create table public.common (id int primary key); create schema neighbour; create table neighbour.n (id int primary key)',
      );
      for (const schema of asTheyAre) await make(schema, []);
      const [server] = await database.query<{ number: number }>(
        `select current_setting('server_version_num')::int / 10000 as number`,
      );
      const major = server?.number ?? 0;
      alterations = seen.flatMap((one) =>
        typeof one === 'string' ? [one] : one.since <= major ? [one.change] : [],
      );
    });
    after(async () => {
      await database.close();
      await target.drop();
    });

    /** Makes a schema and changes it; a change that goes with none of those before is left out. */
    async function make(schema: string, changes: readonly string[]): Promise<void> {
      await database.transaction(async (client) => {
        const own = quoteIdentifier(schema);
        await client.query(
          `set local synchronous_commit = off; create schema ${own}; set local search_path to ${own}, public; ${baseSchema}`,
        );
        for (const change of changes) {
          await client.query('savepoint change');
          await client.query(change).catch((error: unknown) => {
            if (changes.length === 1) throw error;
            return client.query('rollback to change');
          });
        }
      });
    }

    const digestsOf = async (schemas: readonly string[]): Promise<(string | undefined)[]> => {
      const digests = await digestSchemas(database, schemas);
      return schemas.map((schema) => digests.get(schema)?.digest);
    };

    it('are the same whatever the schemas are called', async () => {
      const [one, other] = await digestsOf(asTheyAre);
      assert.ok(one);
      assert.equal(one, other);
    });

    it('differ wherever PostgreSQL treats an object in another way', async () => {
      for (const [position, change] of alterations.entries())
        await make(`seen_${String(position)}`, [change]);
      const [base, ...digests] = await digestsOf([
        'base',
        ...alterations.map((_, position) => `seen_${String(position)}`),
      ]);
      for (const [position, digest] of digests.entries())
        assert.notEqual(digest, base, alterations[position]);
    });

    it('are the same where PostgreSQL treats both alike', async () => {
      for (const [position, change] of unseen.entries()) await make(`unseen_${String(position)}`, [change]);
      const [base, ...digests] = await digestsOf([
        'base',
        ...unseen.map((_, position) => `unseen_${String(position)}`),
      ]);
      for (const [position, digest] of digests.entries()) assert.equal(digest, base, unseen[position]);
    });

    it('tell options of operator classes that somebody made', async () => {
      await database.query(
        'alter operator family integer_ops using btree add function 5 (int4, int4) gtsvector_options(internal)',
      );
      for (const length of ['4', '8'])
        await make(`options_${length}`, [`create index more on t (n int4_ops (siglen = ${length}))`]);
      assert.equal(new Set(await digestsOf(['options_4', 'options_8'])).size, 2);
    });
  });
}
