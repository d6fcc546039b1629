// Plays a scenario to the default reporter on the real standard output, slowly enough to be drawn; `crash`, `exit` and `signal` end it half way.
import { setTimeout as pause } from 'node:timers/promises';
import { createReporter } from '../../lib/report/index.js';
import * as scenarios from './scenarios.js';

const [scenario = 'success', columns = '80', ending = 'close'] = process.argv.slice(2);
process.stdout.columns = Number(columns);
const known = new Map([
  ['success', () => scenarios.success()],
  ['failure', () => scenarios.failure()],
  ['fleet', () => scenarios.fleet()],
]);
const events = known.get(scenario)?.() ?? [];
const reporter = await createReporter('default', {
  stdout: process.stdout,
  stderr: process.stderr,
  color: false,
  verbose: false,
  quiet: false,
  env: {},
  secrets: [],
});
const half = Math.floor(events.length / 2);
for (const [index, event] of events.entries()) {
  reporter.report({ ...event, at: Date.now() });
  if (index % Math.ceil(events.length / 8) === 0) await pause(120);
  if (index !== half || ending === 'close') continue;
  console.log('printed by something else');
  if (ending === 'signal') process.kill(process.pid, 'SIGINT');
  if (ending === 'crash') throw new Error('crashed half way');
  if (ending === 'exit') process.exit(3);
  await pause(60_000);
}
await reporter.close();
