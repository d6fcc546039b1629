import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codes, type ErrorCode, type Problem } from '../../lib/errors/index.js';
import { reporterNames } from '../../lib/report/index.js';
import type { RunEvent, RunEventBody, RunStatus, TaskEnd, TaskStatus } from '../../lib/run/events.js';
import { commandsOf } from './commands.js';
import { play, runStart, stamp, task } from './streams.js';
import { plainText } from '../../lib/text/index.js';

const secret = 'S3cr=t %w/ö"rd';

// Hostile, as children are: escape sequences, commands of GitHub, line ends, the secret in two forms.
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        secret,
        encodeURIComponent(secret),
        '::error::x',
        '##[group]x',
        '\u001b[2J',
        '\u001b]0;x\u0007',
        '\r\n',
        '\n',
        '世界 ',
        '|',
      ),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));

const problem: fc.Arbitrary<Problem> = fc.record(
  {
    code: fc.constantFrom(...(Object.keys(codes) as ErrorCode[])),
    message: text,
    severity: fc.constantFrom('error', 'warning', 'note'),
    place: fc.record(
      {
        file: text,
        line: fc.integer({ min: 1, max: 999 }),
        column: fc.integer({ min: 1, max: 30 }),
        source: text,
      },
      { noNullPrototype: true },
    ),
    help: text,
    output: text,
  },
  { requiredKeys: ['code', 'message'], noNullPrototype: true },
);

/** What the engine could say about one task, its end last. */
const taskStory = (name: string): fc.Arbitrary<RunEventBody[]> =>
  fc
    .record({
      status: fc.constantFrom<TaskStatus>(
        'succeeded',
        'up-to-date',
        'skipped',
        'failed',
        'blocked',
        'cancelled',
        'warned',
      ),
      retries: fc.integer({ min: 0, max: 2 }),
      logs: fc.array(text, { maxLength: 4 }),
      tenants: fc.integer({ min: 0, max: 15 }),
      problems: fc.array(problem, { maxLength: 14 }),
      reason: text,
      changed: fc.boolean(),
      check: fc.boolean(),
    })
    .map(({ status, retries, logs, tenants, problems, reason, changed, check }) => {
      const idle = status === 'skipped' || status === 'blocked' || status === 'cancelled';
      const attempts = idle ? 0 : retries + 1;
      const end: TaskEnd = {
        name,
        use: name,
        status,
        changed: changed && !idle,
        attempts,
        ms: attempts * 120,
        reason,
        check,
        ...(status === 'failed' || status === 'warned' ? { problems, warnings: problems } : {}),
      };
      const story: RunEventBody[] = idle ? [] : [{ type: 'task.start', task: name, use: name }];
      for (let attempt = 1; attempt <= attempts; attempt++) {
        story.push({ type: 'attempt.start', task: name, attempt });
        story.push(
          ...logs.map((line) => ({ type: 'task.log', task: name, stream: 'stdout', line }) as const),
        );
        for (let done = 1; done <= tenants; done++) {
          const failed =
            done % 3 === 0
              ? { status: 'failed', problem: problems[0] ?? { code: 'DBB6011' as const, message: reason } }
              : { status: 'migrated' };
          story.push({ type: 'tenant.end', task: name, schema: `s${done}`, ...failed });
          story.push({
            type: 'task.progress',
            task: name,
            done,
            total: tenants,
            failed: Math.floor(done / 3),
          });
        }
        if (attempt < attempts)
          story.push({ type: 'attempt.fail', task: name, attempt, attempts, problems, retryIn: 50 });
      }
      return [...story, { type: 'task.end', ...end }];
    });

const stream: fc.Arbitrary<RunEvent[]> = fc
  .uniqueArray(fc.stringMatching(/^[a-z][a-z-]{0,12}$/), { minLength: 1, maxLength: 6 })
  .chain((names) =>
    fc.tuple(
      fc.constant(names),
      fc.tuple(...names.map(taskStory)),
      fc.array(problem, { maxLength: 2 }),
      fc.infiniteStream(fc.nat()),
    ),
  )
  .map(([names, stories, notices, choices]) => {
    const bodies: RunEventBody[] = [
      runStart(names.map((name, index) => task(name, names.slice(0, index).slice(-2)))),
    ];
    bodies.push(...notices.map((notice) => ({ type: 'notice', problem: notice }) as const));
    const ends = stories.map((story) => story.at(-1) as RunEventBody & TaskEnd & { type: 'task.end' });
    const left = stories.map((story) => [...story]);
    while (left.some((story) => story.length > 0)) {
      const open = left.filter((story) => story.length > 0);
      const next = open[Number(choices.next().value) % open.length]?.shift();
      if (next) bodies.push(next);
    }
    const status: RunStatus = ends.some((end) => end.status === 'failed')
      ? 'failed'
      : ends.some((end) => end.status === 'cancelled' || end.status === 'blocked')
        ? 'cancelled'
        : 'succeeded';
    const tasks = ends.map((end): TaskEnd => end);
    return stamp([
      ...bodies,
      { type: 'run.end', status, exitCode: status === 'succeeded' ? 0 : 1, ms: 1234, tasks },
    ]);
  });

function assertNoSecret(output: string): void {
  assert.ok(!output.includes(secret), 'the secret');
  assert.ok(!output.includes(encodeURIComponent(secret)), 'the encoded secret');
}

describe('reporters and any stream of events', () => {
  for (const name of reporterNames) {
    it(`${name}: copes, prints no secret, and tells the truth at the end`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(stream, fc.boolean(), async (events, verbose) => {
          const { stdout, stderr } = await play(name, events, { secrets: [secret], verbose });
          const last = events.at(-1);
          assert.ok(last?.type === 'run.end');
          if (name === 'github') checkGithub(stdout);
          else assertNoSecret(stdout);
          assertNoSecret(stderr);
          if (name === 'ndjson') {
            checkNdjson(stdout, events);
            return;
          }
          if (name === 'append-only') assert.equal(stdout, plainText(stdout));
          const final =
            (name === 'silent' ? stderr : stdout)
              .trimEnd()
              .split('\n')
              .filter((line) => !line.startsWith('::'))
              .at(-1) ?? '';
          if (name === 'silent' && last.status === 'succeeded') assert.equal(stderr, '');
          else
            assert.match(final, last.status === 'succeeded' ? /^(?:ready|nothing to do): / : /^not ready: /);
        }),
        { numRuns: name === 'default' ? 15 : 60 },
      );
    });
  }
});

function checkGithub(stdout: string): void {
  const masks = stdout.split('\n').filter((line) => line.startsWith('::add-mask::'));
  assertNoSecret(stdout.split('\n').slice(masks.length).join('\n'));
  const commands = commandsOf(stdout);
  assert.ok(commands.filter((line) => line.startsWith('::error ')).length <= 10);
  assert.ok(commands.filter((line) => line.startsWith('::warning ')).length <= 10);
  for (const line of commands) assert.match(line, /^::(?:add-mask::|group::|endgroup::$|error |warning )/);
}

function checkNdjson(stdout: string, events: readonly RunEvent[]): void {
  const lines = stdout.trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as RunEvent);
  assert.deepEqual(
    parsed.map(({ type, at }) => [type, at]),
    events.map(({ type, at }) => [type, at]),
  );
  // Where no text needs a mask, the lines are the events.
  for (const [index, event] of events.entries()) {
    if (!JSON.stringify(parsed[index]).includes('***')) assert.deepEqual(parsed[index], event);
  }
}
