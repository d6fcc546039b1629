import type { Client } from 'pg';
import { Liveness } from './liveness.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** Connections for single statements, which go from hand to hand, and those that somebody has for themselves. */
export interface Connections {
  readonly idle: Client[];
  readonly lent: Set<Client>;
  readonly own: Set<Client>;
  /** Who waits for one that is lent; told "undefined" where it comes to nothing. */
  readonly waiting: Set<(client: Client | undefined) => void>;
  readonly liveness: Liveness;
  /** Aborted when all are closed: what is still on its way to a connection gets none. */
  readonly closed: AbortController;
  /** Those for statements that others wrote, once there are any; absent from themselves. */
  others?: Connections;
  /** Whether statements run with the search_path of the role, not with the safe one. */
  readonly rolePath: boolean;
}

/** None yet. */
export function noConnections(parameters: ConnectionParameters, rolePath: boolean): Connections {
  return {
    idle: [],
    lent: new Set(),
    own: new Set(),
    waiting: new Set(),
    liveness: new Liveness(parameters),
    closed: new AbortController(),
    rolePath,
  };
}
