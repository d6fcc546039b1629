import type { TaskKind } from '../config/define.js';
import { command } from './command.js';

/** The kinds that come with db-bootstrap, in the order of a usual workflow. */
const kinds = [command];

/** The kinds that come with db-bootstrap, by name. */
export const builtinKinds: ReadonlyMap<string, TaskKind> = new Map(
  (kinds as unknown as TaskKind[]).map((kind) => [kind.kind, kind]),
);
