import { scanScript } from './scan.js';

/** The statement of a script that opens a transaction which the script does not end; line and column from 1. */
export interface OpenTransaction {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const opens = /^(?:begin|start\s+transaction)\b/i;
const ends = /^(?:commit|end|rollback|abort|prepare\s+transaction)\b/i;
const goesOn = /^(?:rollback|abort)(?:\s+(?:work|transaction))?\s+to\b|\band\s+chain\s*;?$/i;
/** What may open or end a transaction out of sight: other files, conditions, statements made by statements, other sessions. */
const outOfSight = /^\\(?:i|ir|include|include_relative|if|elif|else|gexec|c|connect|q)$/;

/** Undefined where every transaction is ended, or where only psql can say. */
export function openTransaction(script: string): OpenTransaction | undefined {
  const { statements, commands } = scanScript(script);
  if (commands.some(({ name }) => outOfSight.test(name))) return undefined;
  let open: (typeof statements)[number] | undefined;
  for (const statement of statements) {
    if (opens.test(statement.text)) open ??= statement;
    else if (ends.test(statement.text) && !goesOn.test(statement.text)) open = undefined;
  }
  if (!open) return undefined;
  const { text, start, startLine } = open;
  return {
    text: text.replace(/\s*;$/, ''),
    line: startLine,
    column: start - script.lastIndexOf('\n', start - 1),
  };
}
