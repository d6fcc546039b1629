import type { Problem } from './problem.js';

const known: Readonly<Record<string, readonly [message: string, help: string]>> = {
  EMFILE: ['the limit of open files of this process is reached', 'raise the limit, as with "ulimit -n 1024"'],
  ENFILE: ['the system can open no more files', 'end other programs, or raise the limit of the system'],
  EAGAIN: [
    'the system starts no more processes for this user',
    'end some of them, or raise the limit, which "ulimit -u" shows',
  ],
  ENOMEM: ['the system has no memory left', 'end other programs, or give the machine more memory'],
};

/** What to say where the system has run out of what every program needs, whoever asked for it; undefined for any other error. */
export function shortageProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
  const [message, help] = known[code] ?? [];
  // Elsewhere it only means "not now".
  if (message === undefined || (code === 'EAGAIN' && !syscall.startsWith('spawn'))) return undefined;
  return {
    code: 'DBB5022',
    message: `${message} (${code})`,
    ...(syscall === '' ? {} : { notes: [{ label: 'found by', text: syscall }] }),
    ...(help === undefined ? {} : { help }),
  };
}
