import type { Diagnosis } from '../diagnosis.js';
import { fails } from './outcomes.js';
import { databaseWork, programOf, type Script } from './script.js';
import type { ShellCommand } from './shell.js';

/** Programs by which scripts ask whether a server is there. */
const probes = new Set(['pg_isready', 'psql', 'nc', 'ncat', 'wait-for-it.sh', 'wait-for-it', 'curl']);

/** Loops that wait for the server: without a deadline, that fall through at their end, or that test too little. */
export function waitLoops(script: Script): Diagnosis[] {
  const found: Diagnosis[] = [];
  const { commands } = script;
  for (const [index, command] of commands.entries()) {
    const loop = command.keywords.find(({ text }) => ['until', 'while', 'for'].includes(text));
    if (!loop) continue;
    const read = readLoop(loop.text, bodyOf(commands, index));
    const { probe } = read;
    if (!probe) continue;
    const at = {
      place: script.placeOf(loop.offset, loop.length),
      subject: { ...script.subject, loop: loop.text },
    };
    const after = commands.slice(index + read.length).filter((each) => programOf(each) !== 'echo');
    const goesOn = fallsThrough(read, after);
    if (script.isTimed !== true && !hasDeadline(read, lineOf(script, loop.offset)))
      found.push({
        code: 'DBB5034',
        severity: 'warning',
        message: `the loop that waits for the server in ${script.label} has no deadline`,
        ...at,
        expected:
          'a number of tries, or a time, after which the step fails and says what the server answered',
        actual: `it asks for ever, and the job ends at its own timeout without a cause`,
        evidence: [`it asks by: ${wordsOf(probe)}`],
        help: 'use the task "wait": it logs in to the named database, has a deadline, and says the last answer',
      });
    else if (goesOn)
      found.push({
        code: 'DBB5035',
        severity: 'warning',
        message: `the loop that waits for the server in ${script.label} goes on after its last try as if the server had answered`,
        ...at,
        expected: 'a failure when the last try fails',
        actual:
          'the next command runs against a server that may not be there, and its error becomes the headline',
        evidence: [`it asks by: ${wordsOf(probe)}`, 'nothing behind "done" asks again'],
        help: 'use the task "wait": it fails at its deadline and says the last answer',
      });
    if (!goesOn && wordsOf(probe).includes('pg_isready') && !asksMore(commands))
      found.push({
        code: 'DBB5036',
        severity: 'note',
        message: `pg_isready in ${script.label} tests neither the login nor the database`,
        ...at,
        expected: 'a login to the named database',
        actual:
          'pg_isready is content as soon as the server takes connections, whatever the role, password and database are',
        evidence: [`it asks by: ${wordsOf(probe)}`],
        help: 'use the task "wait": it logs in to the named database',
      });
  }
  return found;
}

/** From the loop's own command to its `done`. */
function bodyOf(commands: readonly ShellCommand[], start: number): readonly ShellCommand[] {
  let depth = 0;
  for (let index = start; index < commands.length; index++) {
    for (const { text } of commands[index]?.keywords ?? []) {
      if (['until', 'while', 'for'].includes(text)) depth++;
      if (text === 'done') depth--;
    }
    if (depth === 0) return commands.slice(start, index + 1);
  }
  return commands.slice(start);
}

/** A loop that may wait for a server. */
interface Loop {
  readonly keyword: string;
  readonly condition: readonly ShellCommand[];
  readonly body: readonly ShellCommand[];
  /** Commands from its keyword to its `done`. */
  readonly length: number;
  /** What it asks the server by: in its condition, or in its body, which then ends it. Loops over files ask nothing. */
  readonly probe?: ShellCommand | undefined;
  readonly asksInside: boolean;
}

function readLoop(keyword: string, commands: readonly ShellCommand[]): Loop {
  const start = commands.findIndex(({ keywords }) => keywords.some(({ text }) => text === 'do'));
  const condition = commands.slice(0, Math.max(start, 0));
  const body = commands.slice(Math.max(start, 0));
  const asked = keyword === 'for' ? undefined : condition.find(isProbe);
  const first = condition[0] ? programOf(condition[0]) : '';
  const isFree = keyword === 'for' || ['true', ':', '1', ''].includes(first) || condition.every(isCount);
  const isAsked = (each: ShellCommand, index: number): boolean =>
    isProbe(each) && !(each.operator === '||' && wayOut.test(wordsOf(body[index + 1] ?? each)));
  const inside = isFree && body.some((each) => wayOut.test(wordsOf(each))) ? body.find(isAsked) : undefined;
  return {
    keyword,
    condition,
    body,
    length: commands.length,
    probe: asked ?? inside,
    asksInside: asked === undefined,
  };
}

const wayOut = /\b(?:break|exit|return)\b/;

function isProbe(command: ShellCommand): boolean {
  if (probes.has(programOf(command)) || databaseWork(command) !== undefined) return true;
  return command.words.some(({ text }) => /^(?:pg_isready|psql)$|\/dev\/tcp\/|psycopg|asyncpg/.test(text));
}

/** A comparison of a count or of the clock. */
function isCount({ words, keywords }: ShellCommand): boolean {
  return (
    words.some(({ text }) => /^(?:\[\[?|test|-[gl][te])$|SECONDS|\$\(date\b/.test(text)) ||
    keywords.filter(({ text }) => text === '(').length > 1
  );
}

/** A count, a clock, or a way out that is no answer of the server. */
function hasDeadline({ keyword, condition, body, asksInside }: Loop, line: string): boolean {
  if (keyword === 'for' || condition.some(isCount)) return true;
  // A time for each question is none for all of them.
  const each = condition.some((asked) => programOf(asked) === 'timeout');
  if (!each && /\btimeout\s+[\d$-]/.test(line)) return true;
  return body.some(
    (each) => isCount(each) || (!asksInside && /\b(?:break|exit|return)\b/.test(wordsOf(each))),
  );
}

/** Whether it ends in the same way when the server has answered and when it has given up, and nothing behind it asks again. */
function fallsThrough(
  { keyword, condition, body, asksInside }: Loop,
  after: readonly ShellCommand[],
): boolean {
  if (body.some(fails)) return false;
  const breaks = body.some((each) => /\bbreak\b/.test(wordsOf(each)));
  // Where only the answer ends the script, what stands behind the loop is the failure.
  if (!breaks && body.some((each) => wayOut.test(wordsOf(each)))) return !after.some(fails);
  const givesUp = breaks
    ? keyword === 'for' || !asksInside || condition.some(isCount)
    : condition.some(isCount);
  return givesUp && !checksAfter(after[0]);
}

function wordsOf({ words }: ShellCommand): string {
  return words.map(({ text }) => text).join(' ');
}

function lineOf({ text }: Script, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset) + 1).split('\n', 1)[0] ?? '';
}

/** Whether the command behind the loop asks the server itself, or a variable that the loop has set. */
function checksAfter(command: ShellCommand | undefined): boolean {
  if (!command) return false;
  return (
    ['test', '[', '[['].includes(programOf(command)) ||
    probes.has(programOf(command)) ||
    command.keywords.some(({ text }) => text === 'if')
  );
}

function asksMore(commands: readonly ShellCommand[]): boolean {
  return commands.some((command) => programOf(command) === 'psql');
}
