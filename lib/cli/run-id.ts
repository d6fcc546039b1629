import { randomBytes } from 'node:crypto';
import { readerSuffix } from '../postgres/index.js';

/** A new run's id: sorts by time, unique in practice, fits into an application_name: "20261123-124501-9f3a". */
export function newRunId(now = new Date()): string {
  const digits = now.toISOString().replace(/[-:]/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${randomBytes(2).toString('hex')}`;
}

/** The same for a command that only reads: a run beside it leaves its sessions alone. */
export function newReaderId(): string {
  return newRunId() + readerSuffix;
}
