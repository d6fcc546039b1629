export { type FleetEnd, type FleetMember } from './member.js';
export { migrateFleet, type FleetOptions, type FleetResult } from './migrate-fleet.js';
export { describeFleet, type CohortStatus, type FleetStatus } from './status.js';
export { fingerprintStatement } from './fingerprint.js';
