import type { Client } from 'pg';

/** Counts the statements of a text that the server has completed. The next one is the statement that failed. */
export function countCompleted(client: Client): { readonly completed: number; stop(): void } {
  const { connection } = client;
  const progress = { completed: 0, stop: (): void => void connection.off('commandComplete', count) };
  const count = (): void => {
    progress.completed++;
  };
  connection.on('commandComplete', count);
  return progress;
}
