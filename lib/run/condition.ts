import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import type { Condition } from '../../config/workflow.js';
import { BootstrapError, type Problem } from '../errors/index.js';

/** The answer to a task's `if`, with the phrase that explains a "no". */
export interface Verdict {
  readonly holds: boolean;
  readonly reason: string;
}

/**
 * Answers a condition. A command holds with exit 0; SQL holds where its first row's first value is neither null, false nor 0;
 * a variable holds where it is set and not empty, or equals what is asked. What cannot be answered is DBB5010, never a "no".
 */
export async function evaluateCondition(
  condition: Condition,
  context: TaskContext<unknown>,
): Promise<Verdict> {
  if ('command' in condition) return byCommand(condition.command, context);
  if ('sql' in condition) return bySql(condition.sql, context);
  if ('exists' in condition) {
    return {
      holds: existsSync(resolve(context.root, condition.exists)),
      reason: `"${condition.exists}" does not exist`,
    };
  }
  const { env: name, equals } = condition;
  const value = context.env[name];
  if (equals === undefined)
    return { holds: value !== undefined && value !== '', reason: `${name} is not set` };
  return { holds: value === equals, reason: `${name} is not "${equals}"` };
}

async function byCommand(command: string, context: TaskContext<unknown>): Promise<Verdict> {
  const { exitCode, signal, output } = await context
    .exec(command, { shell: true })
    .catch((error: unknown) => {
      if (error instanceof BootstrapError && error.code === 'DBB5002')
        throw unanswered(context, command, error.message, {}, error);
      throw error;
    });
  // 126 and 127 are the shell's own words for "not executable" and "not found".
  if (exitCode === undefined || exitCode === 126 || exitCode === 127) {
    const how = exitCode === undefined ? `it was ended by ${signal ?? 'a signal'}` : `exit ${exitCode}`;
    throw unanswered(context, command, how, {
      output,
      facts: { ...(exitCode === undefined ? {} : { exitCode }), ...(signal === undefined ? {} : { signal }) },
    });
  }
  return { holds: exitCode === 0, reason: `"${command}" ended with ${exitCode}` };
}

async function bySql(sql: string, context: TaskContext<unknown>): Promise<Verdict> {
  let rows: Record<string, unknown>[];
  try {
    // The config's own SQL runs with the search_path of the role.
    rows = await context.database.withClient((client) => client.query(sql));
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    const [first] = error.problems;
    throw unanswered(context, sql, first.message, { facts: { ...first.facts, found: first.code } }, error);
  }
  const value = rows[0] === undefined ? undefined : Object.values(rows[0])[0];
  const no = value === undefined || value === null || value === false || value === 0 || value === '0';
  return { holds: !no, reason: `"${sql}" does not hold` };
}

function unanswered(
  context: TaskContext<unknown>,
  condition: string,
  why: string,
  more: Pick<Problem, 'output' | 'facts'>,
  cause?: unknown,
): BootstrapError {
  return new BootstrapError(
    {
      code: 'DBB5010',
      message: `the condition of task "${context.task}" could not be evaluated: ${why}`,
      notes: [{ label: 'condition', text: condition }],
      ...more,
    },
    { cause },
  );
}
