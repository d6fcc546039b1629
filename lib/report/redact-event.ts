import { redactor } from '../errors/index.js';
import type { RunEvent } from '../run/events.js';

/** A function that masks the secrets in every text of an event, however deep; keys stay as they are. */
export function eventRedactor(secrets: readonly string[]): (event: RunEvent) => RunEvent {
  const redact = redactor(secrets);
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
  };
  return (event) => {
    // What consumers tell events apart by is ours, and no secret.
    const { type, v, at, run } = event;
    return { ...(walk(event) as RunEvent), type, v, at, run } as RunEvent;
  };
}
