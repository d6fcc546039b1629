import { withRolePath } from '../../postgres/index.js';
import type { Scene } from './scene.js';

/** The schemas that a session of the workflow's role searches, without those that every session does. */
export async function searchPath({ database }: Pick<Scene, 'database'>): Promise<readonly string[]> {
  const [row] = await database.query<{ path: string[] }>(
    `${withRolePath}select pg_catalog.current_schemas(false)::pg_catalog.text[] as path`,
  );
  return row?.path ?? [];
}
