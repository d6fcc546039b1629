export { type FleetEnd, type FleetMember } from './member.js';
export { migrateFleet, type FleetOptions, type FleetResult } from './migrate-fleet.js';
