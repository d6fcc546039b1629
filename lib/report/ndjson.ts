import type { Reporter, RunEvent } from '../run/events.js';
import type { ReporterOptions } from './options.js';
import { Writer } from './writer.js';
import { harmless } from '../text/index.js';

/** Each event as a line of JSON on standard output, and nothing else. */
export function createNdjsonReporter(options: ReporterOptions): Reporter {
  const out = new Writer(options.stdout);
  return {
    report: (event: RunEvent) => out.line(harmless(JSON.stringify(event))),
    close: () => out.flush(),
  };
}
