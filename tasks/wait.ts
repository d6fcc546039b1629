import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import {
  defineTask,
  described,
  identifier,
  nonEmpty,
  type TaskClient,
  type TaskContext,
  type TaskResult,
} from '../config/define.js';
import { asError, BootstrapError, type ErrorCode } from '../lib/errors/index.js';
import { isNotYet } from '../lib/postgres/index.js';
import { createDatabase } from './wait/create-database.js';
import { duration, milliseconds } from './duration.js';
import { counted, formatDuration } from '../lib/text/index.js';

const options = z.strictObject({
  deadline: described(z._default(duration, '30s'), 'How long the server may take to answer'),
  interval: described(z._default(duration, '25ms'), 'The pause after the first try; it doubles'),
  maxInterval: described(z._default(duration, '1s'), 'The longest pause'),
  createDatabase: described(z._default(z.boolean(), false), 'Create the database where it does not exist'),
  template: described(z.optional(identifier), 'The template of a database that is created'),
  owner: described(z.optional(identifier), 'The owner of a database that is created'),
  encoding: described(z.optional(nonEmpty), 'The encoding of a database that is created'),
});

type Context = TaskContext<z.output<typeof options>>;

// The last try, at the deadline, has this many milliseconds still.
const shortestTry = 250;

/** Waits until a real login to the named database succeeds and `select 1` is answered. */
export const wait = defineTask({
  kind: 'wait',
  description: 'Waits until the database answers: a real login and a query, not an open port.',
  options,
  readies: true,
  plan: (context) => Promise.resolve({ action: 'run', reason: `waits for ${context.database.display}` }),
  run,
});

async function run(context: Context): Promise<TaskResult> {
  const { options: wanted, database, signal, log } = context;
  const from = performance.now();
  const until = from + milliseconds(wanted.deadline);
  let pause = milliseconds(wanted.interval);
  let created = false;
  let told: string | undefined;
  for (let tries = 1; ; tries++) {
    try {
      try {
        await ask(context, Math.max(shortestTry, until - performance.now()));
      } catch (error) {
        signal.throwIfAborted();
        if (!wanted.createDatabase || codeOf(error) !== 'DBB4004' || created) throw error;
        created = await createDatabase(context);
        continue;
      }
      const what = created ? 'created, and answers' : 'answers';
      return {
        changed: created,
        summary: `${placeOf(database)} ${what} after ${formatDuration(performance.now() - from)}`,
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!isNotYet(error) && !(error instanceof NoAnswer) && !isTemplateInUse(error)) throw error;
      const answer = asError(error).message;
      if (answer !== told) log.info(`not yet: ${answer}`);
      told = answer;
      if (performance.now() >= until) throw tooLate(context, { tries, from, error });
    }
    // The last try is made at the deadline, not before it.
    await sleep(Math.min(pause, Math.max(0, until - performance.now())), undefined, { signal });
    pause = Math.min(pause * 2, milliseconds(wanted.maxInterval));
  }
}

/** The server took the login, but has no answer. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * A login and a query; a server, or a pooler before it, that takes either and then says nothing is left after `patience` milliseconds.
 * Where the run has logged in already, its sessions are asked, or one more that it keeps.
 */
async function ask({ database }: Context, patience: number): Promise<void> {
  const until = performance.now() + patience;
  const query = async (client: TaskClient): Promise<void> => {
    const silence = new AbortController();
    const left = Math.max(shortestTry, until - performance.now());
    await Promise.race([
      client.query('select 1'),
      sleep(left, undefined, { signal: silence.signal }).then(() => {
        throw new NoAnswer(`${placeOf(database)} takes the login, but does not answer "select 1"`);
      }),
    ]).finally(() => silence.abort());
  };
  await (database.connected ? query(database) : database.withClient(query, { connectTimeout: patience }));
}

/** The address as a URL writes it: that of IPv6 in brackets. */
function placeOf({ host, port, name }: Context['database']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}/${name}`;
}

/** A template in which somebody is: the server has waited five seconds for them, and they may leave still. */
function isTemplateInUse(error: unknown): boolean {
  return error instanceof BootstrapError && error.problems[0].facts?.sqlstate === '55006';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof BootstrapError ? error.code : undefined;
}

function tooLate(
  context: Context,
  { tries, from, error }: { readonly tries: number; readonly from: number; readonly error: unknown },
): Error {
  const { database, task } = context;
  const answer = asError(error).message;
  const code = codeOf(error) ?? '';
  const [kept, mend] = ownWords[code] ?? ['DBB4001', 'start the server, correct the address'];
  return context.fail(
    {
      code: kept,
      message: `${answer}, after ${counted(tries, 'try')} in ${formatDuration(performance.now() - from)}`,
      notes: [{ label: 'waited for', text: `a login to ${database.display} and an answer to "select 1"` }],
      help: `${mend}, or give it more time: "tasks.${task}.deadline"`,
    },
    error,
  );
}

// What is no matter of starting the server.
const ownWords: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  DBB4010: ['DBB4010', 'correct the host in the database URL'],
  DBB4013: ['DBB4013', 'end idle sessions, raise max_connections'],
  DBB5004: ['DBB5004', 'end the sessions in the template'],
};
