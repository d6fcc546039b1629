import { BootstrapError } from '../errors/index.js';

// PgBouncer has one SQLSTATE for all it says; this is what it says while its server is away, or while it is full.
const poolerNotYet =
  /server_login_retry|query_wait_timeout|conn crashed|shutting down|no more connections allowed/;

/** Whether a failure means "not yet": nothing listens, the server is starting, stopping or full, or a pooler waits for it. */
export function isNotYet(error: unknown): boolean {
  if (error instanceof BootstrapError) return isNotYet(error.cause);
  const fault = error instanceof AggregateError ? (error.errors as unknown[])[0] : error;
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : '';
  if (
    [
      '53300',
      '57P03',
      '57P01',
      '57P02',
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOENT',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ETIMEDOUT',
      'EPIPE',
    ].includes(code)
  )
    return true;
  if (!(fault instanceof Error)) return false;
  if (code === '08P01') return poolerNotYet.test(fault.message);
  return /Connection terminated|timeout expired|timeout exceeded/.test(fault.message);
}
