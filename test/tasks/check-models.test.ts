import assert from 'node:assert/strict';
import { openFleet, type Fleet } from '../support/fleet.js';
import { pythonSets } from '../support/python.js';

const everywhere = ['acme', 'Grün & Co', 'zoo'];

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`check tables against the models (${set})`, function () {
    this.timeout(120_000);
    let fleet: Fleet;
    before(async () => {
      fleet = await openFleet(set);
    });
    after(() => fleet.close());

    const inEach = async (statements: string): Promise<void> => {
      for (const schema of everywhere)
        await fleet.rows(`set search_path to "${schema}", public; ${statements}`);
    };

    it('passes where all tables are as Django made them', async () => {
      const { findings, summary } = await fleet.check('tables');
      assert.deepEqual(findings, []);
      assert.equal(summary, 'all tables are as the models have them in 4 schemas');
    });
  });
}
