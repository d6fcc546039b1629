import { redactedValue, redactor } from '../errors/index.js';
import type { RunEvent } from '../run/events.js';

/** A function that masks the secrets in every text of an event, however deep; keys stay as they are. */
export function eventRedactor(secrets: readonly string[]): (event: RunEvent) => RunEvent {
  const redact = redactor(secrets);
  return (event) => {
    // What consumers tell events apart by is ours, and no secret.
    const { type, v, at, run } = event;
    return { ...redactedValue(event, redact), type, v, at, run } as RunEvent;
  };
}
