import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lostRows } from '../random/copies.js';
import { endureFault, type FaultChoices } from '../random/fault-trial.js';
import { faults } from '../random/faults.js';
import { keptFaults } from '../random/kept-faults.js';
import { startServer, type OwnServer } from '../support/postgres.js';
import { pythonOf, pythonSets } from '../support/python.js';

const sets = Object.keys(pythonSets) as (keyof typeof pythonSets)[];
/** Projects in all; `npm run prove:faults` takes more, other ones each time. */
const projects = Number(process.env.FLEET_PROJECTS ?? 14);
const names = Object.keys(faults);
const each = Math.ceil(projects / sets.length / names.length);
const seed = Number(
  process.env.FLEET_SEED ?? (process.env.FLEET_PROJECTS === undefined ? 447_554 : Date.now() % 1_000_000),
);
/** Where there are too few projects for all, the seed decides which half of the faults is tried, each with one set of packages. */
const isTried = (set: number, fault: number): boolean =>
  projects >= sets.length * names.length || (seed + 2 * set + fault) % (2 * sets.length) === 0;

const shrinks = process.env.FLEET_SHRINK === '1';

const choices: fc.Arbitrary<FaultChoices> = fc.record({
  length: fc.integer({ min: 3, max: 12 }),
  numbers: fc.array(fc.nat(9999), { minLength: 20, maxLength: 150 }),
  // One tenant at least has tables.
  parts: fc
    .tuple(fc.constantFrom(0.4, 0.7), fc.array(fc.constantFrom(0, 0.4, 0.7), { minLength: 1, maxLength: 4 }))
    .chain(([first, rest]) => fc.shuffledSubarray([first, ...rest], { minLength: rest.length + 1 })),
  lost: lostRows,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  choice: fc.nat(9999),
  resumes: fc.boolean(),
});

for (const [setIndex, set] of sets.entries()) {
  describe(`random projects after a fault (${set}; FLEET_SEED=${String(seed)})`, function () {
    this.timeout((each + 1) * 120_000);

    for (const [index, [name, fault]] of Object.entries(faults).entries()) {
      if (!isTried(setIndex, index)) continue;
      it(`are what django-tenants itself makes of them, after ${name}`, async () => {
        const python = await pythonOf(set);
        const server: OwnServer | undefined = fault.server && (await startServer({ settings: fault.server }));
        const place = {
          set,
          python,
          ...(server ? { server } : {}),
        };
        const kept = keptFaults[name] ?? [];
        let tried = 0;
        try {
          await fc.assert(
            fc.asyncProperty(choices, async (made) => {
              const done = await endureFault(fault, made, place);
              // What Django refuses proves nothing: another takes its place.
              fc.pre(done);
              tried++;
            }),
            // Smaller ones would be looked for in minutes, of which each has its fault at another moment.
            {
              seed,
              numRuns: each + kept.length,
              examples: kept.map((made): [FaultChoices] => [made]),
              endOnFailure: !shrinks,
              interruptAfterTimeLimit: (each + kept.length) * 100_000,
            },
          );
        } finally {
          await server?.stop();
        }
        assert.ok(tried > 0, 'no project was valid');
      });
    }
  });
}
