import { inspect } from 'node:util';

/**
 * What was thrown, as an error that can be told. Anything can be thrown: null, an object without a text, an error whose message is
 * none, and what throws again when it is looked at.
 */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return isTold(thrown) ? thrown : new Error(textOf(thrown));
    return new Error(typeof thrown === 'string' ? thrown : `${textOf(thrown)} was thrown`);
  } catch {
    return new Error('something was thrown that cannot be looked at');
  }
}

function isTold({ name, message, stack }: { name: unknown; message: unknown; stack?: unknown }): boolean {
  const texts = typeof name === 'string' && typeof message === 'string';
  return texts && (stack === undefined || typeof stack === 'string');
}

function textOf(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, customInspect: false });
}
