export {
  migrateFleet,
  type FleetEnd,
  type FleetMember,
  type FleetOptions,
  type FleetResult,
} from './sequential.js';
