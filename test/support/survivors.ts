import { readFileSync, readdirSync } from 'node:fs';

/** Living processes that carry the id of a run. */
export function survivorsOf(runId: string): { pid: number; line: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const wanted = readFileSync(`/proc/${name}/environ`, 'utf8')
        .split('\0')
        .includes(`DB_BOOTSTRAP_RUN=${runId}`);
      return wanted ? [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, 'utf8') }] : [];
    } catch {
      return [];
    }
  });
}
