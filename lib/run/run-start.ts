import { asError, BootstrapError, shortageProblem, type Problem } from '../errors/index.js';
import type { Survivor } from '../process/index.js';
import type { RunEventBody } from './events.js';
import type { RunOptions } from './services.js';

/** The first event of a run. `display` gives the masked URL; it is asked only where there is a database. */
export function startEvent({ workflow, version }: RunOptions, display: () => string): RunEventBody {
  return {
    type: 'run.start',
    version,
    ...(workflow.file === undefined ? {} : { file: workflow.file }),
    ...(workflow.profile === undefined ? {} : { profile: workflow.profile }),
    ...(workflow.database.kind === 'none' ? {} : { database: display() }),
    concurrency: workflow.concurrency,
    tasks: [...workflow.tasks.values()].map(({ name, use, needs, after, enabled, kind }) => ({
      name,
      use,
      needs,
      after,
      enabled,
      check: kind.check ?? false,
    })),
  };
}

/** What to say about a process that a crashed run left behind: a note where it was ended, an error where it could not be. */
export function survivorProblem({ pid, command, runId, ended }: Survivor): Problem {
  const what = `process ${pid} (${command}) of run ${runId}, which had crashed,`;
  if (ended === undefined) {
    return {
      code: 'DBB5020',
      message: `${what} is still running and could not be ended`,
      help: `end process ${pid}, then run it again`,
    };
  }
  return {
    code: 'DBB5020',
    severity: 'note',
    message: `${what} was still running and was ended by ${ended}`,
  };
}

/** The first problem of what was thrown; what is no error of ours by design is a fault of ours. */
export function faultOf(error: unknown): Problem {
  const fault = asError(error);
  if (fault instanceof BootstrapError) return fault.problems[0];
  const shortage = shortageProblem(fault);
  if (shortage) return shortage;
  return {
    code: 'DBB9001',
    message: `a fault of db-bootstrap itself: ${fault.message}`,
    ...(fault.stack === undefined ? {} : { output: fault.stack }),
  };
}
