import { sqlstateOfOutput, sqlstateOfText } from './output-sqlstate.js';

/** What a child printed about the first failure that PostgreSQL told it. */
export interface OutputError {
  readonly sqlstate: string;
  /** PostgreSQL's own sentence, without what psql or Python put before it. */
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** The line of the statement that PostgreSQL shows, cut with dots where it is long. */
  readonly statement?: string;
  /** Where the caret stands in that line, from 1. */
  readonly position?: number;
}

/**
 * Reads the first failure of PostgreSQL in an output: psql's messages, or psycopg's exception in a traceback of Python. The first one
 * is the cause: Django raises it again under a name of its own, and what follows in the same transaction only says that it failed.
 */
export function errorInOutput(output: string): OutputError | undefined {
  const lines = output.replace(/\r\n/g, '\n').split('\n');
  const heads = lines.flatMap((line, index) => {
    const told = headOf(line);
    return told === undefined ? [] : [{ index, ...told }];
  });
  // A transaction that is aborted says nothing of why.
  const head = heads.find(({ sqlstate }) => sqlstate !== '25P02') ?? heads[0];
  if (!head) return undefined;
  const rest = lines.slice(head.index + 1);
  const next = rest.findIndex((line) => headOf(line) !== undefined || /^The above exception was/.test(line));
  const body = next < 0 ? rest : rest.slice(0, next);
  return { sqlstate: head.sqlstate, message: head.message, ...bodyOf(body) };
}

function headOf(line: string): { readonly sqlstate: string; readonly message: string } | undefined {
  const psql = /\b(?:ERROR|FATAL|PANIC): +(?:([0-9A-Z]{5}): )?(.*)$/.exec(line);
  const python = /^[\w.]*(?:psycopg2?|django\.db)[\w.]*\.\w+: (.*)$/.exec(line);
  // What a command prints of an exception: "CommandError: Unable to serialize database: relation …".
  const other = /^(?:[\w.]*(?:Error|Exception)|error|failed): (.*)$/i.exec(line);
  const said = psql?.[2] ?? python?.[1] ?? other?.[1];
  if (said === undefined) return undefined;
  const sentence = sentenceIn(said);
  // A login has a code of its own for a role that does not exist.
  const login = /\bFATAL: +role ".*" does not exist/.test(line) ? '28000' : undefined;
  const sqlstate =
    psql?.[1] ?? login ?? (python ? sqlstateOfOutput(line) : undefined) ?? sqlstateOfText(sentence ?? '');
  return sqlstate === undefined ? undefined : { sqlstate, message: sentence ?? said.trim() };
}

/** PostgreSQL's own sentence in a message, behind the words that others put before it; undefined where none is known. */
export function sentenceIn(message: string): string | undefined {
  for (let at = 0; at >= 0;) {
    const rest = message.slice(at).trim();
    if (sqlstateOfText(rest) !== undefined) return rest;
    const next = message.indexOf(': ', at);
    at = next < 0 ? -1 : next + 2;
  }
  return undefined;
}

function bodyOf(body: readonly string[]): Omit<OutputError, 'sqlstate' | 'message'> {
  const labelled = (label: string): string | undefined =>
    body.flatMap((line) => new RegExp(`^${label}: +(.*)$`).exec(line)?.[1] ?? [])[0];
  const detail = labelled('DETAIL');
  const hint = labelled('HINT');
  const whole = labelled('STATEMENT');
  const at = body.findIndex((line) => /^LINE \d+: /.test(line));
  const excerpt = body[at]?.replace(/^LINE \d+: /, '');
  const caret = /^ *\^/.exec(body[at + 1] ?? '')?.[0].length;
  const prefix = (body[at]?.length ?? 0) - (excerpt?.length ?? 0);
  const statement = excerpt ?? whole;
  return {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(statement === undefined ? {} : { statement }),
    ...(excerpt === undefined || caret === undefined || caret <= prefix ? {} : { position: caret - prefix }),
  };
}
