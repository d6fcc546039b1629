import type { Client } from 'pg';
import { Liveness } from './liveness.js';
import type { ConnectionParameters } from './resolve-connection.js';

/** Connections that single statements share (`idle`, `lent`), and connections that one caller uses alone (`own`). */
export interface Connections {
  readonly idle: Client[];
  readonly lent: Set<Client>;
  readonly own: Set<Client>;
  /** Callbacks that wait for a lent connection; called with `undefined` if that connection cannot be used again. */
  readonly waiting: Set<(client: Client | undefined) => void>;
  readonly liveness: Liveness;
  /** Aborted by `close`: connection attempts in progress are abandoned. */
  readonly closed: AbortController;
  /** The connections for statements of plugins, once there are any. */
  others?: Connections;
}

/** A set without connections. */
export function noConnections(parameters: ConnectionParameters): Connections {
  return {
    idle: [],
    lent: new Set(),
    own: new Set(),
    waiting: new Set(),
    liveness: new Liveness(parameters),
    closed: new AbortController(),
  };
}
