import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';

const proc = existsSync('/proc/self/stat');

/**
 * When a process started, as an opaque text; undefined where no such process lives. Together with the process id it names one
 * process for ever, because ids are used again. A zombie does not live, although signals still find it.
 */
export function startOf(pid: number): string | undefined {
  if (proc) {
    const stat = read(`/proc/${pid}/stat`);
    // The name in brackets may hold anything, so the fields are counted from its end: state is the first, start the 20th.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields === undefined || /[ZX]/.test(fields[0] ?? 'X') ? undefined : fields[19];
  }
  const line = ps(pid, 'stat=,lstart=');
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}

/** Whether a live process serves a data directory: it was started with it, or works in it. */
export function serves(pid: number, data: string): boolean {
  if (startOf(pid) === undefined) return false;
  if (!proc) return ps(pid, 'command=').includes(data);
  const words = read(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  return words.includes(data) || link(`/proc/${pid}/cwd`) === data;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function ps(pid: number, columns: string): string {
  return (
    (
      spawnSync('ps', ['-o', columns, '-p', String(pid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      }).stdout as string | null
    )?.trim() ?? ''
  );
}
