import type { Reporter, RunEvent } from '../run/events.js';
import { renderEnd } from './end-block.js';
import type { ReporterOptions } from './options.js';
import { RunView } from './run-view.js';
import { Writer } from './writer.js';

/** Nothing on standard output; what failed, and the final sentence of a run that failed, on standard error. */
export function createSilentReporter(options: ReporterOptions): Reporter {
  const err = new Writer(options.stderr);
  const view = new RunView();
  return {
    report(event: RunEvent) {
      view.apply(event);
      if (event.type === 'run.end' && event.status !== 'succeeded') {
        err.line(renderEnd(view, event, { ...options, quiet: true }));
      }
    },
    close: () => err.flush(),
  };
}
