import type { Repair } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { builtinKinds } from '../../tasks/index.js';
import { redactor, renderProblems, type Problem } from '../errors/index.js';
import { joinSchemas } from '../report/index.js';
import { causesOnly } from './check-causes.js';
import { withPrefix, withoutPrefix } from './check-names.js';
import { runRound, toldBy, type Round, type Told } from './check-round.js';
import { print, type Io } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, SelectOptions } from './options.js';
import { catchSignals } from './signals.js';
import { visible } from '../text/index.js';

/** Options of `check` beside those that choose config and checks. */
interface CheckOptions extends ConfigOptions, SelectOptions {
  readonly json?: boolean;
  readonly fix?: boolean;
  readonly yes?: boolean;
}

/** A check as it is told. */
interface Checked {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly reason: string;
  readonly findings: readonly Told[];
  readonly fixed: readonly Repair[];
}

/**
 * `db-bootstrap check`: runs the checks of the workflow and nothing else; takes no lock, writes no ledger. With `--fix` it repairs what is
 * safe to repair, as a run would: with both. Exit 3 where one fails.
 */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const since = performance.now();
  const { io, workflow: whole } = await load({ ...options, ...withPrefix(options, builtinKinds) });
  const workflow = checksOf(whole);
  const signals = catchSignals();
  try {
    const common = { io, workflow, signals, since, verbose: options.verbose === true };
    // Where there is nothing to look at, there is no server to wait for either.
    const first = isIdle(workflow) ? nothing : await runRound({ ...common, readOnly: true, preflight: true });
    const round =
      options.fix === true
        ? await (
            await import('./check-fix.js')
          ).repairFindings(first, { ...common, yes: options.yes === true })
        : first;
    const checks = told(round, workflow);
    const interrupted = round.status === 'cancelled' && signals.interrupt.aborted;
    if (options.json === true) printJson(io, checks, round, options.fix === true);
    else printText(io, checks, round);
    // Without a word about repairs it would look as if none had been tried.
    if (options.json !== true && options.fix === true && !interrupted && isLeft(checks))
      print(io.stdout, '\nnothing was repaired: what was found is left to a person');
    if (interrupted)
      print(
        io.stderr,
        renderProblems([{ code: 'DBB5020', message: 'the check was interrupted' }], { color: io.errorColor }),
      );
    return round.exitCode;
  } finally {
    signals.release();
  }
}

const nothing: Round = {
  status: 'succeeded',
  exitCode: 0,
  tasks: [],
  problems: [],
  secrets: [],
  repaired: new Map(),
};

function isIdle({ tasks }: Workflow): boolean {
  return [...tasks.values()].every(({ enabled }) => !enabled);
}

function told({ tasks, problems, repaired }: Round, workflow: Workflow): readonly Checked[] {
  return tasks
    .filter(({ name, status }) => workflow.tasks.get(name)?.enabled === true && status !== 'skipped')
    .map((end) => ({
      name: withoutPrefix(end.name),
      status: ['failed', 'cancelled', 'blocked'].includes(end.status) ? 'failed' : 'passed',
      reason: end.reason,
      findings: toldBy(end, problems),
      fixed: repaired.get(end.name) ?? [],
    }));
}

function isLeft(checks: readonly Checked[]): boolean {
  return checks.some(({ status }) => status === 'failed') && checks.every(({ fixed }) => fixed.length === 0);
}

function printJson(
  io: Io,
  checks: readonly Checked[],
  { problems, secrets }: Round,
  withFixed: boolean,
): void {
  const redact = redactor(secrets);
  const document = {
    checks: checks.map(({ name, status, findings, fixed }) => ({
      name,
      status,
      findings: findings.map(findingJson),
      ...(withFixed ? { fixed } : {}),
    })),
    ...(problems.length === 0 ? {} : { problems }),
  };
  const masked = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? redact(value) : value;
  print(io.stdout, JSON.stringify(document, masked, 2));
}

function printText(io: Io, checks: readonly Checked[], { problems, secrets }: Round): void {
  const findings = joinSchemas(
    causesOnly(unique([...checks.flatMap((check) => check.findings), ...problems])),
  );
  if (findings.length > 0) print(io.stdout, `${renderProblems(findings, { color: io.color, secrets })}\n`);
  for (const { name, fixed } of checks)
    for (const { message } of fixed) print(io.stdout, `fixed   ${name}: ${visible(message)}`);
  for (const { name, status, reason } of checks)
    print(io.stdout, `${status === 'passed' ? 'passed' : 'FAILED'}  ${name}: ${visible(reason)}`);
  if (checks.length === 0) print(io.stdout, 'no check has anything to look at');
}

/** Several checks fail for one cause where Django or the database cannot be had; it is told once. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  // Django's connection and ours say it in the same words, with other notes.
  const keyOf = ({ code, message, place, help }: Problem): string =>
    JSON.stringify([code, message, place, help]);
  const first = new Map<string, Problem>();
  for (const problem of problems) if (!first.has(keyOf(problem))) first.set(keyOf(problem), problem);
  return [...first.values()];
}

/** A finding as machines read it. */
function findingJson({ code, severity, subject, message, help }: Told): object {
  return { code, severity: severity ?? 'error', subject: subject ?? {}, message, help: help ?? null };
}

/** The workflow with its checks alone, all of them whatever the others say, and none waiting for a task that does not run. */
function checksOf(workflow: Workflow): Workflow {
  const tasks = new Map(
    [...workflow.tasks]
      .filter(([, task]) => task.kind.check === true)
      .map(([name, task]) => [name, { ...task, needs: [], after: [], onFailure: 'continue' as const }]),
  );
  return { ...workflow, tasks };
}
