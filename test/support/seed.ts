import fc from 'fast-check';

/** A landing must not depend on the seed of the day: in CI the property tests try the same cases each time, elsewhere other ones. */
if (process.env.CI !== undefined) fc.configureGlobal({ seed: 20_261 });
