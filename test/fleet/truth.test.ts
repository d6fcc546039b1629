import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lostRows, type Choices } from '../random/copies.js';
import { tellTruth, type Blow, type Verdict } from '../random/truth-trial.js';
import { pythonOf, pythonSets } from '../support/python.js';

/** Cases in all; `npm run prove:truth` takes more, other ones each time. */
const cases = Number(process.env.TRUTH_CASES ?? 10);
const seed = Number(
  process.env.TRUTH_SEED ?? (process.env.TRUTH_CASES === undefined ? 360_295 : Date.now() % 1_000_000),
);
/** So many copies of each project are damaged. */
const blowsEach = Math.min(8, Math.ceil(cases / 2));

const choices: fc.Arbitrary<Choices> = fc.record({
  length: fc.integer({ min: 3, max: 12 }),
  numbers: fc.array(fc.nat(9999), { minLength: 20, maxLength: 150 }),
  parts: fc.array(fc.constantFrom(0, 0.4, 0.7), { minLength: 2, maxLength: 4 }),
  lost: lostRows,
});

const blow: fc.Arbitrary<Blow> = fc.record(
  {
    kind: fc.nat(9999),
    row: fc.nat(9999),
    where: fc.constantFrom('one tenant', 'all tenants', 'public'),
    known: fc.boolean(),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ['kind', 'row', 'where', 'known'] },
);
/** In each project one run is broken off at most; the other copies are damaged by hand. */
const blows = fc
  .array(blow, { minLength: blowsEach, maxLength: blowsEach })
  .map((all) =>
    all.map(({ share, ...rest }, index): Blow =>
      index === 0 && share !== undefined ? { ...rest, share } : rest,
    ),
  );

for (const [index, set] of (Object.keys(pythonSets) as (keyof typeof pythonSets)[]).entries()) {
  describe(`what is called ready after damage (${set}; TRUTH_SEED=${String(seed)})`, function () {
    this.timeout((cases + 4) * 60_000);

    it('is ready by the judgement of plain Django and pg_dump', async () => {
      const python = await pythonOf(set);
      const verdicts: Verdict[] = [];
      await fc.assert(
        fc.asyncProperty(choices, blows, async (made, hits) => {
          const more = await tellTruth(made, hits, { set, python });
          // What Django refuses proves nothing: another takes its place.
          fc.pre(more !== undefined);
          verdicts.push(...more);
        }),
        { seed: seed + index, numRuns: Math.ceil(cases / blowsEach / 2), endOnFailure: true },
      );
      const lies = verdicts.flatMap((verdict) => verdict.lies);
      console.log([figuresOf(verdicts), ...verdicts.flatMap(({ falseAlarms }) => falseAlarms)].join('\n'));
      if (lies.length > 0) assert.fail(lies.join('\n\n'));
    });
  });
}

/** How many of each kind there were, how many were called ready, and how many of those were lies. */
function figuresOf(verdicts: readonly Verdict[]): string {
  const kinds = [...new Set(verdicts.map(({ kind }) => kind))].sort();
  const rows = kinds.map((kind) => {
    const own = verdicts.filter((verdict) => verdict.kind === kind);
    const ready = own.filter(({ codes }) => codes.includes(0)).length;
    const lies = own.filter((verdict) => verdict.lies.length > 0).length;
    const alarms = own.filter(({ falseAlarms }) => falseAlarms.length > 0).length;
    return `      ${kind}: ${String(own.length)} cases, ${String(ready)} called ready, ${String(lies)} lies, ${String(alarms)} false alarms`;
  });
  return [`      ${String(verdicts.length)} cases`, ...rows].join('\n');
}
