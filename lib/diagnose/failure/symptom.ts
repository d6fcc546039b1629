import type { Problem } from '../../errors/index.js';
import { errorInOutput, sentenceIn } from '../../postgres/index.js';

/** A failure as PostgreSQL told it, whoever passed it on: a driver, Django in the host, or the output of a child. */
export interface Symptom {
  readonly sqlstate: string;
  /** PostgreSQL's own sentence. */
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly statement?: string;
  /** Where in the statement PostgreSQL found it, in characters, from 1. */
  readonly position?: number;
  /** The schema in which the task was working, where it is known. */
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** The migration that was being applied: "app.name". */
  readonly migration?: string;
  readonly output: string;
}

/** Who met it, as a person would say it: the migration that was being applied, or the task. */
export function whoMet({ migration }: Symptom, { name }: { readonly name: string }): string {
  return migration === undefined ? `task "${name}"` : `migration ${migration}`;
}

/** What PostgreSQL told about a problem; undefined where it was not PostgreSQL that failed. */
export function symptomOf(problem: Problem): Symptom | undefined {
  const { facts = {}, output = '', message, notes = [] } = problem;
  const told = errorInOutput(output);
  const sqlstate = text(facts.sqlstate) ?? told?.sqlstate;
  if (sqlstate === undefined) return undefined;
  const printed = told?.sqlstate === sqlstate ? told : undefined;
  const detail = text(facts.detail) ?? printed?.detail ?? notes.find(({ label }) => label === 'detail')?.text;
  const hint = text(facts.hint) ?? printed?.hint;
  const position = typeof facts.position === 'number' ? facts.position : printed?.position;
  return {
    sqlstate,
    message: sentenceIn(message) ?? printed?.message ?? message,
    ...optional('detail', detail),
    ...optional('hint', hint),
    ...(position === undefined ? {} : { position }),
    ...optional('statement', text(facts.statement) ?? printed?.statement),
    ...optional('schema', text(facts.schema) ?? schemaInOutput(output)),
    ...optional('table', text(facts.table)),
    ...optional('column', text(facts.column)),
    ...optional('constraint', text(facts.constraint)),
    ...optional('migration', text(facts.migration) ?? migrationInOutput(output)),
    output,
  };
}

/** Django names each migration before it applies it, and says OK behind it. */
function migrationInOutput(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => /Applying \w+\.\w+\.\.\./.test(line));
  const last = lines.at(-1);
  if (last === undefined || /\.\.\..*\bOK\b/.test(last)) return undefined;
  return /Applying (\w+\.\w+)\.\.\./.exec(last)?.[1];
}

/** django_tenants puts executor and schema before each line: "[standard:acme]", "[1/2 (50%) standard:acme]". */
export function schemaInOutput(output: string): string | undefined {
  const named = [...output.matchAll(/^\[[^\]\n]*?\w+:([^\]:\n]+)\] +(?:===|Applying|Running)/gm)];
  return named.at(-1)?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}
