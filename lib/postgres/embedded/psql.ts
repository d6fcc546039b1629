import { spawn } from 'node:child_process';
import { BootstrapError } from '../../errors/index.js';
import { embeddedUrl } from './stop.js';

/** Opens psql (the one on the PATH) on the running embedded server, at our own terminal; resolves with its exit code. */
export function openPsql(options: {
  readonly stateDirectory: string;
  readonly name?: string;
  readonly args?: readonly string[];
}): Promise<number> {
  const url = new URL(embeddedUrl(options));
  // By variables: the password must not stand in the list of processes.
  const env = {
    ...process.env,
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
  };
  return new Promise((resolve, reject) => {
    const child = spawn('psql', options.args ?? [], { stdio: 'inherit', env });
    // An interrupt at the terminal reaches psql too, which cancels its query; we stay until it ends.
    const stay = (): void => undefined;
    process.on('SIGINT', stay);
    child.on('error', (error) => reject(notFound(error)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', stay);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

function notFound(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new BootstrapError({
    code: 'DBB5002',
    message: 'psql was not found on the PATH, and the embedded server does not bring one',
    help: "install PostgreSQL's client programs, or open another client: db-bootstrap db url",
  });
}
