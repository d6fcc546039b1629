import type { Diagnosis } from '../diagnosis.js';
import { programOf, type Script } from './script.js';
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
    const body = bodyOf(commands, index);
    const probe = body.find((each) => probes.has(programOf(each)) || usesProbe(each));
    if (!probe) continue;
    const at = {
      place: script.placeOf(loop.offset, loop.length),
      subject: { ...script.subject, loop: loop.text },
    };
    const counts = body.some((each) => /\b(?:exit|break|return|timeout)\b/.test(wordsOf(each)));
    if (loop.text !== 'for' && !counts && !/\btimeout\s+[\d$]/.test(lineOf(script, loop.offset)))
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
    const after = commands[index + body.length];
    if (loop.text === 'for' && body.some((each) => /\bbreak\b/.test(wordsOf(each))) && !checksAfter(after))
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
    else if (programOf(probe) === 'pg_isready' && !asksMore(commands))
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

function usesProbe(command: ShellCommand): boolean {
  return command.words.some(({ text }) => text === 'pg_isready' || text === 'psql');
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
