import type { Reporter } from '../run/events.js';
import type { ReporterName, ReporterOptions } from './options.js';
import { eventRedactor } from './redact-event.js';

/** Makes a reporter; what it needs is loaded only now. Secrets are masked before any reporter sees an event. */
export async function createReporter(name: ReporterName, options: ReporterOptions): Promise<Reporter> {
  const reporter = await load(name, options);
  const redact = eventRedactor(options.secrets);
  return {
    report: (event) => reporter.report(redact(event)),
    close: () => reporter.close(),
  };
}

async function load(name: ReporterName, options: ReporterOptions): Promise<Reporter> {
  switch (name) {
    case 'default':
      // Nothing to draw: what is left to say is the same in both.
      if (options.quiet) return (await import('./append-only.js')).createAppendOnlyReporter(options);
      return (await import('./default.js')).createDefaultReporter(options);
    case 'append-only':
      return (await import('./append-only.js')).createAppendOnlyReporter(options);
    case 'github':
      return (await import('./github.js')).createGithubReporter(options);
    case 'ndjson':
      return (await import('./ndjson.js')).createNdjsonReporter(options);
    case 'silent':
      return (await import('./silent.js')).createSilentReporter(options);
  }
}
