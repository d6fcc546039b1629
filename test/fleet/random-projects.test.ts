import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lostRows, type Choices } from '../random/copies.js';
import { deciders } from '../random/deciders.js';
import { compareFleets } from '../random/trial.js';
import { pythonOf, pythonSets } from '../support/python.js';

/** Projects in all; `npm run prove:fleet` takes more, other ones each time. */
const projects = Number(process.env.FLEET_PROJECTS ?? 8);
const seed = Number(
  process.env.FLEET_SEED ?? (process.env.FLEET_PROJECTS === undefined ? 636_971 : Date.now() % 1_000_000),
);

const choices: fc.Arbitrary<Choices> = fc.record({
  length: fc.integer({ min: 3, max: 12 }),
  numbers: fc.array(fc.nat(9999), { minLength: 20, maxLength: 150 }),
  parts: fc.array(fc.constantFrom(0, 0.4, 0.7), { minLength: 2, maxLength: 5 }),
  lost: lostRows,
  // Half of the projects decide nothing by tenant.
  decider: fc.constantFrom(...deciders.map(() => undefined), ...deciders),
});

for (const set of Object.keys(pythonSets) as (keyof typeof pythonSets)[]) {
  describe(`random projects after a replay (${set}; FLEET_SEED=${String(seed)})`, function () {
    this.timeout(projects * 60_000);

    it('are what django-tenants itself makes of them', async () => {
      const python = await pythonOf(set);
      const met = { same: 0, invalid: 0 };
      await fc.assert(
        fc.asyncProperty(choices, async (made) => {
          const verdict = await compareFleets(made, { set, python });
          if (typeof verdict === 'string') met[verdict]++;
          else assert.fail(`${verdict.folder}\n${verdict.difference}`);
        }),
        { seed, numRuns: Math.ceil(projects / 2), interruptAfterTimeLimit: projects * 50_000 },
      );
      // What Django refuses proves nothing.
      assert.ok(met.invalid <= met.same, `${String(met.invalid)} projects were not valid`);
    });
  });
}
