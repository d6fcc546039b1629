import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { Database, quoteIdentifier, resolveConnection } from '../../lib/postgres/index.js';
import { digestBriefly, fingerprintSchemas } from '../../tasks/checks/catalog-objects.js';
import { fingerprintCohorts } from '../../tasks/checks/fingerprint-cohorts.js';
import { baseSchema, seen, unseen } from '../support/drift-alterations.js';
import { makeProject } from '../support/embedded.js';
import { createTestDatabase } from '../support/postgres.js';

const asTheyAre = ['base', `O'Brien "Ä" & Co.x`];
const trials = 25;

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
  describe(`schemas that are told briefly (PostgreSQL ${name})`, function () {
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

    it('are the same whatever they are called', async () => {
      const digests = await digestBriefly(database, asTheyAre);
      assert.equal(digests.get('base'), digests.get(asTheyAre[1] ?? ''));
      assert.equal((await fingerprintCohorts(database, [asTheyAre])).size, 0);
    });

    it('are others wherever something differs that the check tells', async () => {
      for (const [position, change] of alterations.entries())
        await make(`seen_${String(position)}`, [change]);
      const schemas = alterations.map((_, position) => `seen_${String(position)}`);
      const [brief, whole] = [
        await digestBriefly(database, ['base', ...schemas]),
        await fingerprintSchemas(database, ['base', ...schemas]),
      ];
      for (const [position, schema] of schemas.entries()) {
        assert.notEqual(whole.get(schema)?.digest, whole.get('base')?.digest, alterations[position]);
        assert.notEqual(brief.get(schema), brief.get('base'), alterations[position]);
      }
    });

    it('are taken for the same where only something differs that it does not tell', async () => {
      for (const [position, change] of unseen.entries()) {
        const schema = `unseen_${String(position)}`;
        await make(schema, [change]);
        const told = await fingerprintCohorts(database, [['base', schema]]);
        assert.equal(told.get(schema)?.digest, told.get('base')?.digest, change);
      }
    });

    it('fall into the same kinds as by their definitions, whatever was done to them', async () => {
      const all = [...alterations, ...unseen];
      const made = new Map<string, readonly string[]>();
      for (let trial = 0; trial < trials; trial++) {
        // Few of them at a time, out of few for each half dozen of schemas, so that some turn out the same.
        const from = randomInt(all.length);
        const changes = Array.from(
          { length: randomInt(1, 4) },
          () => all[(from + randomInt(4)) % all.length] ?? '',
        );
        for (const copy of ['a', 'b']) {
          const schema = `trial_${String(trial)}${copy}`;
          made.set(schema, copy === 'a' ? changes : changes.slice(0, -1));
          await make(schema, made.get(schema) ?? []);
        }
      }
      const schemas = [...asTheyAre, ...made.keys()];
      const [told, whole] = [
        await fingerprintCohorts(database, [schemas]),
        await fingerprintSchemas(database, schemas),
      ];
      for (const schema of schemas)
        assert.deepEqual(told.get(schema), whole.get(schema), JSON.stringify([schema, made.get(schema)]));
    });

    it('are told wholly where classes of operators have options that are not told briefly', async () => {
      await database.query(
        'alter operator family integer_ops using btree add function 5 (int4, int4) gtsvector_options(internal)',
      );
      for (const length of ['4', '8'])
        await make(`options_${length}`, [`create index more on t (n int4_ops (siglen = ${length}))`]);
      const digests = await digestBriefly(database, ['options_4', 'options_8']);
      assert.equal(new Set(digests.values()).size, 2);
    });
  });
}
