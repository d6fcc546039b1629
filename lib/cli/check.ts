import type { Workflow } from '../../config/workflow.js';
import { renderProblems, type Problem } from '../errors/index.js';
import { runWorkflow } from '../run/index.js';
import { print } from './io.js';
import { load } from './load.js';
import type { ConfigOptions, SelectOptions } from './options.js';
import { newRunId } from './run-id.js';
import { openSession } from './session.js';
import { catchSignals } from './signals.js';
import { version } from './version.js';

/** `db-bootstrap check`: runs the checks of the workflow and nothing else; takes no lock, writes no ledger. Exit 3 where one fails. */
export async function checkCommand(
  options: ConfigOptions & SelectOptions & { readonly json?: boolean },
): Promise<number> {
  const { io, workflow: whole } = await load({ ...options, ...withPrefix(options) });
  const workflow = checksOf(whole);
  const runId = newRunId();
  const signals = catchSignals();
  const session = await openSession({ io, workflow, runId, waitLock: 0, readOnly: true });
  try {
    const { tasks, exitCode, problems } = await runWorkflow({
      runId,
      version: version(),
      workflow,
      emit: () => undefined,
      interrupt: signals.interrupt,
      kill: signals.kill,
      services: session.services,
      resume: 'db-bootstrap check',
      verbose: options.verbose === true,
    });
    const checks = tasks
      .filter(({ name, status }) => workflow.tasks.get(name)?.enabled === true && status !== 'skipped')
      .map((end) => ({
        name: end.name.replace(/^check-/, ''),
        status:
          end.status === 'failed' || end.status === 'cancelled' || end.status === 'blocked'
            ? 'failed'
            : 'passed',
        reason: end.reason,
        // A check that was not even started has no findings of its own: what befell the run is why.
        findings: end.attempts === 0 ? problems : [...(end.problems ?? []), ...(end.warnings ?? [])],
      }));
    if (options.json === true)
      print(
        io.stdout,
        JSON.stringify(
          {
            checks: checks.map(({ name, status, findings }) => ({
              name,
              status,
              findings: findings.map(findingJson),
            })),
          },
          null,
          2,
        ),
      );
    else {
      const findings = unique([...checks.flatMap((check) => check.findings), ...problems]);
      if (findings.length > 0)
        print(
          io.stdout,
          `${renderProblems(findings, { color: io.color, secrets: [...workflow.secrets, ...session.secrets] })}\n`,
        );
      for (const { name, status, reason } of checks)
        print(io.stdout, `${status === 'passed' ? 'passed' : 'FAILED'}  ${name}: ${reason}`);
      if (checks.length === 0) print(io.stdout, 'no check has anything to look at');
    }
    return exitCode;
  } finally {
    signals.release();
  }
}

/** Several checks fail for one cause where Django or the database cannot be had; it is told once. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** A finding as machines read it. */
function findingJson(problem: Problem & { readonly subject?: Readonly<Record<string, string>> }): object {
  return {
    code: problem.code,
    severity: problem.severity ?? 'error',
    subject: problem.subject ?? {},
    message: problem.message,
    help: problem.help ?? null,
  };
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

/** People say "tables" and mean the task "check-tables". */
function withPrefix({ only, skip, from }: SelectOptions): SelectOptions {
  const prefix = (names: readonly string[] | undefined): readonly string[] | undefined =>
    names?.map((name) =>
      ['tables', 'migrations', 'tenants', 'extensions', 'roles'].includes(name) ? `check-${name}` : name,
    );
  return Object.fromEntries(
    Object.entries({ only: prefix(only), skip: prefix(skip), from: prefix(from) }).filter(
      ([, names]) => names,
    ),
  );
}
