export { capacityOf, type Capacity } from './capacity.js';
export { FailureLimit, type AbortAfter } from './failure-limit.js';
export { partsOf, rollOut, type RolloutOptions, type Wave } from './rollout.js';
export { smallFirst } from './small-first.js';
export { type FleetEnd, type FleetMember } from './member.js';
export { type FleetOptions, type FleetResult } from './migrate-fleet.js';
export { describeFleet, type CohortStatus, type FleetStatus } from './status.js';
export { dropInvalidIndex, invalidIndexes, type InvalidIndex } from './invalid-indexes.js';
export { fingerprintStatement } from './fingerprint.js';
