import type { RunEvent, TaskEnd } from '../../lib/run/events.js';
import { runStart, stamp, task, taskEnd } from './streams.js';

const tasks = [
  task('wait'),
  task('shared', ['wait']),
  task('flush', ['shared'], { enabled: false }),
  task('tables', ['shared'], { check: true }),
];
const skipped = taskEnd('flush', {
  status: 'skipped',
  changed: false,
  attempts: 0,
  ms: 0,
  reason: 'disabled in the config',
});
const start = (name: string) =>
  [
    { type: 'task.start', task: name, use: name },
    { type: 'attempt.start', task: name, attempt: 1 },
  ] as const;

/** A run in which all went well. */
export function success(changed = true): RunEvent[] {
  const wait = taskEnd('wait', { changed: false, ms: 90, reason: 'localhost:5432 answered' });
  const shared = changed
    ? taskEnd('shared', { ms: 1500, reason: '18 migrations applied to public' })
    : taskEnd('shared', {
        status: 'up-to-date',
        changed: false,
        ms: 12,
        reason: 'all 18 migrations are applied',
      });
  const tables = taskEnd('tables', { changed: false, ms: 40, reason: '12 tables exist', check: true });
  return stamp([
    runStart(tasks),
    ...start('wait'),
    { type: 'task.end', ...wait },
    ...start('shared'),
    { type: 'task.log', task: 'shared', stream: 'stdout', line: 'Applying carriers.0001... OK' },
    { type: 'task.end', ...shared },
    { type: 'task.end', ...skipped },
    ...start('tables'),
    { type: 'task.end', ...tables },
    { type: 'run.end', status: 'succeeded', exitCode: 0, ms: 2100, tasks: [wait, shared, skipped, tables] },
  ]);
}

/** A run in which a task failed after a retry, one failure was tolerated, and a check was blocked. */
export function failure(): RunEvent[] {
  const wait = taskEnd('wait', {
    status: 'warned',
    tolerated: { key: '42710', reason: 'roles may exist' },
    reason: 'role "app" already exists',
  });
  const shared = taskEnd('shared', {
    status: 'failed',
    changed: false,
    attempts: 2,
    ms: 1500,
    reason: 'column "nme" does not exist',
    log: '.db-bootstrap/logs/r1/shared.log',
    problems: [
      {
        code: 'DBB5004',
        message: 'column "nme" does not exist',
        place: { file: 'sql/a,b.sql', line: 3, column: 8, length: 3, source: 'select nme from carriers;' },
        facts: { sqlstate: '42703' },
        help: 'did you mean "name"?',
      },
    ],
  });
  const tables = taskEnd('tables', {
    status: 'blocked',
    changed: false,
    attempts: 0,
    ms: 0,
    reason: 'needs "shared", which failed',
    blockedBy: 'shared',
    check: true,
  });
  return stamp([
    runStart(tasks),
    {
      type: 'notice',
      problem: { code: 'DBB4030', severity: 'warning', message: 'the ledger is kept in files' },
    },
    ...start('wait'),
    { type: 'task.end', ...wait },
    ...start('shared'),
    {
      type: 'attempt.fail',
      task: 'shared',
      attempt: 1,
      attempts: 2,
      problems: [{ code: 'DBB4007', message: 'the connection was lost' }],
      retryIn: 250,
    },
    { type: 'attempt.start', task: 'shared', attempt: 2 },
    { type: 'task.log', task: 'shared', stream: 'stdout', line: 'one' },
    { type: 'task.log', task: 'shared', stream: 'stderr', line: '::error::\u001b[2Jtwo' },
    { type: 'task.end', ...shared },
    { type: 'task.end', ...skipped },
    { type: 'task.end', ...tables },
    {
      type: 'run.end',
      status: 'failed',
      exitCode: 1,
      ms: 2100,
      tasks: [wait, shared, skipped, tables],
      resume: 'db-bootstrap run --from shared',
    },
  ]);
}

/** A run that was interrupted while "shared" ran. */
export function cancelled(): RunEvent[] {
  const wait = taskEnd('wait', { changed: false, ms: 90 });
  const left: Partial<TaskEnd> = { status: 'cancelled', changed: false };
  const shared = taskEnd('shared', { ...left, ms: 700, reason: 'interrupted' });
  const tables = taskEnd('tables', { ...left, attempts: 0, ms: 0, reason: 'not started', check: true });
  return stamp([
    runStart(tasks),
    ...start('wait'),
    { type: 'task.end', ...wait },
    ...start('shared'),
    { type: 'task.end', ...shared },
    { type: 'task.end', ...skipped },
    { type: 'task.end', ...tables },
    {
      type: 'run.end',
      status: 'cancelled',
      exitCode: 130,
      ms: 800,
      tasks: [wait, shared, skipped, tables],
      resume: 'db-bootstrap run --from shared',
    },
  ]);
}

/** A run over thousands of tenants at 100 a second, of which a few fail for one cause. */
export function fleet(total = 3000): RunEvent[] {
  const name = 'tenant-migrations';
  const failed = ['tenant_40', 'tenant_900', 'tenant_901'];
  const tenants = Array.from({ length: total }, (_, index) => `tenant_${index + 1}`);
  let failures = 0;
  const events = tenants.flatMap((schema, index) => {
    const bad = failed.includes(schema);
    if (bad) failures++;
    const problem = {
      code: 'DBB6011',
      message: `column "nme" does not exist in schema "${schema}"`,
    } as const;
    const at = 3000 + (index + 1) * 10;
    return [
      {
        type: 'tenant.end',
        at,
        task: name,
        schema,
        status: bad ? 'failed' : 'migrated',
        ms: 8,
        ...(bad ? { problem } : {}),
      },
      { type: 'task.progress', at, task: name, done: index + 1, total, failed: failures },
    ] as const;
  });
  const end = taskEnd(name, {
    status: 'failed',
    ms: total * 10,
    reason: `3 of ${total} tenants failed`,
    problems: [{ code: 'DBB6027', message: `3 of ${total} tenants failed` }],
  });
  return stamp([
    { ...runStart([task(name)]), at: 0 },
    ...start(name).map((event) => ({ ...event, at: 3000 })),
    ...events,
    { type: 'task.end', at: 3000 + total * 10, ...end },
    {
      type: 'run.end',
      at: 3000 + total * 10,
      status: 'failed',
      exitCode: 1,
      ms: 3000 + total * 10,
      tasks: [end],
    },
  ]);
}
