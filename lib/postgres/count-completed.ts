import type { Client } from 'pg';

/** How many statements of a text the server has completed: where it holds several, that tells which one failed. */
export function countCompleted(client: Client): { readonly completed: number; stop(): void } {
  const { connection } = client;
  const progress = { completed: 0, stop: (): void => void connection.off('commandComplete', count) };
  const count = (): void => {
    progress.completed++;
  };
  connection.on('commandComplete', count);
  return progress;
}
