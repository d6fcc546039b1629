import { PassThrough } from 'node:stream';
import { createReporter, type ReporterName, type ReporterOptions } from '../../lib/report/index.js';
import type { RunEvent, RunEventBody, TaskEnd } from '../../lib/run/events.js';

/** Stamps events as the engine does: a second apart unless `at` says otherwise (milliseconds since the start). */
export function stamp(bodies: readonly (RunEventBody & { readonly at?: number })[]): RunEvent[] {
  const start = Date.UTC(2026, 0, 1);
  return bodies.map((body, index) => ({ ...body, v: 1, run: 'r1', at: start + (body.at ?? index * 1000) }));
}

/** A task as `run.start` lists it. */
export function task(
  name: string,
  needs: readonly string[] = [],
  more: { check?: boolean; enabled?: boolean } = {},
) {
  return { name, use: name, needs, after: [], enabled: true, check: false, ...more };
}

/** The first event of a run of these tasks. */
export function runStart(tasks: readonly ReturnType<typeof task>[]): RunEventBody {
  return {
    type: 'run.start',
    version: '0.1.0',
    file: '.bootstraprc',
    database: 'postgres://app:***@localhost:5432/shop_test',
    concurrency: 4,
    tasks,
  };
}

/** How a task ended; fine unless said otherwise. */
export function taskEnd(name: string, more: Partial<TaskEnd> = {}): TaskEnd {
  return {
    name,
    use: name,
    status: 'succeeded',
    changed: true,
    attempts: 1,
    ms: 500,
    reason: 'done',
    check: false,
    ...more,
  };
}

/** What a reporter wrote for a stream of events. */
export async function play(
  name: ReporterName,
  events: readonly RunEvent[],
  more: Partial<ReporterOptions> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = [collect(stdout), collect(stderr)] as const;
  const reporter = await createReporter(name, {
    stdout,
    stderr,
    color: false,
    verbose: false,
    quiet: false,
    env: {},
    secrets: [],
    ...more,
  });
  for (const event of events) reporter.report(event);
  await reporter.close();
  return { stdout: texts[0](), stderr: texts[1]() };
}

function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
