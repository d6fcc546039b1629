import { migrate, type MigrationKey } from '../django/index.js';
import { BootstrapError, type ErrorCode } from '../errors/index.js';

/** A tenant's schema that lacks migrations. */
export interface FleetMember {
  readonly schema: string;
  readonly pending: readonly MigrationKey[];
}

/** How one tenant ended. */
export type FleetEnd =
  | { readonly schema: string; readonly status: 'migrated'; readonly ms: number; readonly applied: number }
  | { readonly schema: string; readonly status: 'failed'; readonly error: BootstrapError }
  | { readonly schema: string; readonly status: 'not-tried'; readonly reason: string };

/** What migrating a fleet needs. */
export interface FleetOptions {
  readonly host: Parameters<typeof migrate>[0];
  readonly members: readonly FleetMember[];
  readonly signal: AbortSignal;
  /** Called once for every member, as soon as it has ended. */
  readonly onEnd: (end: FleetEnd) => void;
}

/** How the whole fleet ended. */
export interface FleetResult {
  readonly ends: readonly FleetEnd[];
  /** What ended the work before all members were tried: no tenant's own fault. */
  readonly stopped?: BootstrapError;
}

/** Failures that are a tenant's own; after any other the next tenant would fail as well. */
const ofTenant: ReadonlySet<ErrorCode> = new Set([
  'DBB5004',
  'DBB6009',
  'DBB6011',
  'DBB6019',
  'DBB6028',
  'DBB9001',
]);

/** Migrates the tenants one after the other; a failed one does not keep the others from being migrated. */
export async function migrateFleet({ host, members, signal, onEnd }: FleetOptions): Promise<FleetResult> {
  const ends: FleetEnd[] = [];
  const end = (value: FleetEnd): void => {
    ends.push(value);
    onEnd(value);
  };
  let stopped: BootstrapError | undefined;
  for (const { schema } of members) {
    if (stopped !== undefined) {
      end({ schema, status: 'not-tried', reason: stopped.message });
      continue;
    }
    try {
      const { ms, applied } = await migrate(host, { schema });
      end({ schema, status: 'migrated', ms, applied: applied.length });
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      if (signal.aborted || !ofTenant.has(error.code)) stopped = error;
      end({ schema, status: 'failed', error });
    }
  }
  return stopped === undefined ? { ends } : { ends, stopped };
}
