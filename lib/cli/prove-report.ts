import type { Place } from '../errors/index.js';
import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import { diagnosisJson, diagnosisProblem, findingOf, type Finding } from '../diagnose/index.js';
import { redactor, renderProblems, type Problem } from '../errors/index.js';
import type { RunResult, TaskEnd } from '../run/index.js';
import type { Io } from './io.js';
import { describeDifference, type Difference } from './prove-compare.js';
import type { Snapshot } from './prove-snapshot.js';
import { counted } from '../text/index.js';

/** What two runs have shown. */
export interface Proof {
  readonly workflow: Workflow;
  readonly second: RunResult;
  /** What each task of the second run that was not up to date left different. */
  readonly differences: ReadonlyMap<string, readonly Difference[]>;
  /** What was different in the end, and after no task. */
  readonly elsewhere: readonly Difference[];
  readonly end: Snapshot;
  /** Tasks that were up to date because their ledger says that they are done, and nothing else does. */
  readonly once: readonly string[];
}

/** How many differences of a task are told as lines. */
const told = 20;

/** What stands against the workflow; empty where it is proven. */
export function findingsOf({ workflow, second, differences, elsewhere }: Proof): readonly Finding[] {
  return [
    ...second.problems.map((problem) => failed(problem, {})),
    ...second.tasks
      .filter(({ status }) => status === 'failed')
      .flatMap(({ name, problems = [] }) =>
        problems.slice(0, 1).map((problem) => failed(problem, { task: name }, placeOf(workflow, name))),
      ),
    ...[...differences]
      .filter(([, found]) => found.length > 0)
      .map(([name, found]) => notIdempotent(workflow, name, found)),
    ...(elsewhere.length > 0 ? [outside(elsewhere)] : []),
  ];
}

/** The findings as machines read them, with every task of the second run. */
export function proofJson(proof: Proof): string {
  const findings = findingsOf(proof);
  const tasks = proof.second.tasks.map(({ name, status, changed, reason }) => ({
    name,
    status,
    changed,
    reason,
    differences: proof.differences.get(name) ?? [],
  }));
  return json(proof.workflow, {
    idempotent: findings.length === 0,
    findings: findings.map(diagnosisJson),
    tasks,
  });
}

/** The same where the first run failed: nothing is proven, neither way. */
export function failedJson(workflow: Workflow, problems: readonly Problem[]): string {
  const findings = problems.map((problem) => diagnosisJson(findingOf(problem)));
  return json(workflow, { idempotent: null, findings, tasks: [] });
}

function json({ secrets }: Workflow, document: object): string {
  const redact = redactor(secrets);
  return JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === 'string' ? redact(value) : value),
    2,
  );
}

/** The findings as people read them, and what the proof rests on. */
export function proofText(proof: Proof, { color }: Io): string {
  const { workflow, second, differences, end, once } = proof;
  const findings = findingsOf(proof);
  const idle = second.tasks.filter(({ status, check }) => status === 'up-to-date' && !check);
  const again = [...differences.keys()].filter((name) => kindOf(workflow, name)?.readies !== true);
  return [
    ...(findings.length === 0
      ? []
      : [renderProblems(findings.map(diagnosisProblem), { color, secrets: workflow.secrets }), '']),
    ...(idle.length > 0 ? [`up to date the second time: ${names(idle)}`] : []),
    ...(once.length > 0
      ? [`done once, by the ledger: ${once.join(', ')} (executed twice with "--again ${once.join(',')}")`]
      : []),
    ...(again.length > 0 ? [`executed again: ${again.join(', ')}`] : []),
    findings.length === 0
      ? `proven: the second run changed nothing in ${String(end.tables.size)} tables and ${String(end.objects.size)} objects`
      : `not idempotent: ${counted(findings.length, 'finding')}`,
  ].join('\n');
}

function notIdempotent(workflow: Workflow, task: string, differences: readonly Difference[]): Finding {
  const rows = differences.filter((each) => each.kind === 'rows');
  const tables = [...new Set(rows.map(({ schema, table }) => `${schema}.${table}`))];
  const columns = [...new Set(rows.flatMap((each) => each.columns))];
  // Rows that are the same but for a column are written again, not made again.
  const rewrites =
    rows.length === differences.length &&
    rows.every((each) => each.added + each.removed === 0 && each.columns.length > 0);
  const lines = differences.map(describeDifference);
  const where = tables.length <= 3 ? tables.join(', ') : counted(tables.length, 'table');
  const what = rewrites
    ? `it writes ${columns.map((name) => `"${name}"`).join(', ')} again in ${where}`
    : rows.length === differences.length
      ? `its second execution changed rows of ${where}`
      : `its second execution changed ${counted(differences.length, 'object or table', 'objects and tables')}`;
  const place = placeOf(workflow, task);
  return {
    code: 'DBB5040',
    message: `task "${task}" is not idempotent: ${what}`,
    ...(place ? { place } : {}),
    subject: {
      task,
      ...(tables.length > 0 ? { table: tables.join(', ') } : {}),
      ...(columns.length > 0 ? { column: columns.join(', ') } : {}),
    },
    expected: 'a second execution that changes nothing',
    actual: `${counted(differences.length, 'difference')} after it`,
    evidence: [
      ...lines.slice(0, told),
      ...(lines.length > told ? [`… and ${String(lines.length - told)} more`] : []),
    ],
    help: rewrites
      ? 'write these columns only where something else of the row changes, or give them a value that is the same each time'
      : 'let it look for what exists before it writes: get_or_create, INSERT … ON CONFLICT DO NOTHING, CREATE … IF NOT EXISTS',
  };
}

function failed(problem: Problem, subject: Readonly<Record<string, string>>, place?: Place): Finding {
  const { notes = [], help, facts, output } = problem;
  const who = subject.task === undefined ? 'the run' : `task "${subject.task}"`;
  return {
    code: 'DBB5041',
    message: `${who} fails where it succeeded before: ${problem.message}`,
    ...(problem.place ? { place: problem.place } : place ? { place } : {}),
    subject: { ...subject, cause: problem.code },
    expected: 'a second run that succeeds, and changes nothing',
    actual: `${problem.code} in the second run`,
    evidence: notes.map(({ label, text }) => `${label}: ${text}`),
    help: help ?? 'let it look for what exists before it writes',
    ...(facts ? { facts } : {}),
    ...(output === undefined ? {} : { output }),
  };
}

function outside(differences: readonly Difference[]): Finding {
  return {
    code: 'DBB5040',
    message:
      'the database changed in the second run, and after no task: something goes on in the background, or a check writes',
    subject: {},
    expected: 'a second run that changes nothing',
    actual: `${counted(differences.length, 'difference')} in the end`,
    evidence: differences.slice(0, told).map(describeDifference),
    help: 'let the task that starts work in the background wait for its end',
  };
}

/** Where a task stands in the config, as far as one names any of its values. */
function placeOf({ origins }: Workflow, task: string): Place | undefined {
  const key = `tasks.${task}.`;
  return [...origins].find(([name, { place }]) => name.startsWith(key) && place?.line !== undefined)?.[1]
    .place;
}

function kindOf({ tasks }: Workflow, name: string): TaskDefinition['kind'] | undefined {
  return tasks.get(name)?.kind;
}

function names(tasks: readonly TaskEnd[]): string {
  return tasks.map(({ name }) => name).join(', ');
}
