import { openIo } from './load.js';
import type { ConfigOptions } from './options.js';

/** `db-bootstrap init`: looks at the repository and writes a config for it, never over an existing one. */
export async function initCommand(options: Pick<ConfigOptions, 'cwd' | 'color'>): Promise<number> {
  const io = openIo(options);
  const { initRepository } = await import('./init/index.js');
  return initRepository({ cwd: io.cwd, stdout: io.stdout });
}
