import type { TaskDefinition, Workflow } from '../../config/workflow.js';
import type { Evidence, Finding, Rule } from '../diagnose/index.js';
import type { Problem } from '../errors/index.js';
import type { RunServices, ServiceUser } from '../run/index.js';
import { hostEnvironment, projectDirectoryOf } from './evidence.js';
import { mayWarm } from './may-warm.js';
import type { Session } from './session.js';

type Stage = 'files' | 'session' | 'database' | 'django';

/**
 * The rules that a run applies before it changes anything. Each stage is examined once, when the first task comes that may rest on
 * it: a task that works on files alone starts without a look at the database, and Django is asked only once it may be loaded.
 * `withChecks`: the workflow's checks will run, so what one of them reports is left to it.
 */
export function createPreflight(
  workflow: Workflow,
  session: Session,
  { withChecks = true }: { readonly withChecks?: boolean } = {},
): NonNullable<RunServices['preflight']> {
  const asked = new Map<Stage, Promise<readonly Problem[]>>();
  const warm = mayWarm(workflow);
  const examineStage = (stage: Stage, user: ServiceUser): Promise<readonly Problem[]> => {
    const known = asked.get(stage) ?? examineOnce(stage, { workflow, session, user, warm, withChecks });
    asked.set(stage, known);
    return known;
  };
  return async (task, user) => {
    const stages = stagesOf(task, workflow, warm);
    return (await Promise.all(stages.map((stage) => examineStage(stage, user)))).flat();
  };
}

function stagesOf(task: TaskDefinition, workflow: Workflow, warm: boolean): readonly Stage[] {
  if (task.kind.database === false) return hasCommandsAlone(workflow) ? ['files', 'session'] : ['files'];
  return warm || asksDjango(task, workflow) ? ['files', 'database', 'django'] : ['files', 'database'];
}

/**
 * Whether no task of ours will look at the database before it works: then the session is looked at for those that only may use it, as a
 * command does, and for the run's own lock.
 */
function hasCommandsAlone({ tasks }: Workflow): boolean {
  return [...tasks.values()].every(
    ({ enabled, kind }) =>
      !enabled || kind.database === false || kind.check === true || kind.readies === true,
  );
}

/** Whether a task, or one that it follows, asks Django: then the project can be loaded, whatever has to be made for that first. */
function asksDjango(task: TaskDefinition, workflow: Workflow): boolean {
  const names = new Set([task.name]);
  for (const name of names) {
    const each = workflow.tasks.get(name);
    if (each?.enabled === true && each.kind.host === true) return true;
    for (const before of [...(each?.needs ?? []), ...(each?.after ?? [])]) names.add(before);
  }
  return false;
}

async function examineOnce(
  stage: Stage,
  {
    workflow,
    session,
    user,
    warm,
    withChecks,
  }: { workflow: Workflow; session: Session; user: ServiceUser; warm: boolean; withChecks: boolean },
): Promise<readonly Problem[]> {
  if (stage === 'session' && !(await session.isPooled(user.signal))) return [];
  const { diagnosisProblem, examine, rules } = await import('../diagnose/index.js');
  const projectDirectory = projectDirectoryOf(workflow);
  const withDatabase = stage !== 'files' && workflow.database.kind !== 'none';
  const withHost = stage !== 'files' && (stage === 'django' || warm) && projectDirectory !== undefined;
  const evidence: Evidence = {
    root: workflow.root,
    env: session.environment(),
    workflow,
    ...(projectDirectory === undefined ? {} : { projectDirectory }),
    ...(withHost
      ? { host: session.services.host({ ...user, env: hostEnvironment(workflow, session) }) }
      : {}),
    ...(withDatabase && session.connection ? { connection: session.connection } : {}),
    ...(withDatabase ? { database: session.services.database(user) } : {}),
    // What is wrong with the CI that runs this is no reason not to run.
    workflowFiles: [],
    signal: user.signal,
  };
  const { findings } = await examine(
    evidence,
    rules.filter((rule) => (stage === 'session' ? rule.name === 'pooler' : stageOf(rule) === stage)),
  );
  // Nobody knows whether a command minds.
  if (stage === 'session')
    return findings.map((finding) => diagnosisProblem({ ...finding, severity: 'warning' }));
  return findings
    .filter((finding) => concernsRun(finding, withChecks && checksDatabases(workflow)))
    .map(diagnosisProblem);
}

function stageOf({ reads }: Rule): Stage {
  if (reads.includes('host')) return 'django';
  return reads.includes('database') ? 'database' : 'files';
}

/**
 * Errors, what keeps us from finding any, and databases that the run passes over, unless a check reports them. Other warnings speak of the
 * project or of other settings: the run leaves what Django would leave, and its checks look at that.
 */
function concernsRun({ severity = 'error', code }: Finding, isChecked: boolean): boolean {
  if (code === 'DBB6058') return !isChecked;
  return severity === 'error' || code === 'DBB9001';
}

function checksDatabases({ tasks }: Workflow): boolean {
  return [...tasks.values()].some(({ enabled, use }) => enabled && use === 'check-migrations');
}
