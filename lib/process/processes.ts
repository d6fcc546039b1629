import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A process of this machine, as far as ending it needs to know. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it started, in a form that only the same process has again. */
  readonly started: string;
}

const linux = process.platform === 'linux';

/** Every process that is not a zombie: a zombie does nothing, and in a container nobody may ever collect it. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  if (!linux) return listByPs();
  return pidsInProc().flatMap((pid) => readEntry(pid) ?? []);
}

/** One process, or undefined where it is gone or a zombie. */
export async function findProcess(pid: number): Promise<ProcessEntry | undefined> {
  if (linux) return readEntry(pid);
  return (await listByPs()).find((entry) => entry.pid === pid);
}

/** The pids of processes that were started with a variable in their environment; those of other users may be invisible. */
export async function findByVariable(name: string, value: string): Promise<ReadonlySet<number>> {
  const wanted = `${name}=${value}`;
  if (linux) {
    return new Set(
      pidsInProc().filter((pid) => readProc(pid, 'environ')?.split('\0').includes(wanted) ?? false),
    );
  }
  const lines = await ps(['-Eww', '-A', '-o', 'pid=,command=']);
  return new Set(
    lines.filter((line) => line.split(/\s+/).includes(wanted)).map((line) => parseInt(line, 10)),
  );
}

/** The command line of a process for messages; empty where it is gone. */
export async function commandOf(pid: number): Promise<string> {
  if (linux) return (readProc(pid, 'cmdline') ?? '').split('\0').join(' ').trim();
  return (await ps(['-o', 'command=', '-p', String(pid)])).join(' ').trim();
}

function pidsInProc(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone meanwhile, or another user's.
    return undefined;
  }
}

let boot: string | undefined;

function readEntry(pid: number): ProcessEntry | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  // Ticks count from the boot, so a pid of before a reboot could meet its own number again.
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { pid, parent: Number(parent), group: Number(group), started: `${boot}:${fields[19] ?? ''}` };
}

async function listByPs(): Promise<readonly ProcessEntry[]> {
  const lines = await ps(['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart=']);
  return lines.flatMap((line) => {
    const [pid, parent, group, state = '', ...started] = line.trim().split(/\s+/);
    if (state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), started: started.join(' ') }];
  });
}

function ps(args: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile('ps', args, { maxBuffer: 1 << 26, env: { ...process.env, LC_ALL: 'C' } }, (_error, stdout) =>
      // ps ends with 1 where nothing matches; its output is the answer either way.
      resolve(stdout.split('\n').filter((line) => line.trim() !== '')),
    );
  });
}
