import type { Json, Problem, Repair, TaskClient, TaskContext, TaskLedger } from '../config/define.js';

/** When a script that was applied runs again. `never`: a changed one stops the run. */
export const reruns = ['never', 'changed', 'always'] as const;
export type Rerun = (typeof reruns)[number];

/** The content of a script, and the run that applied it or tried to. */
export interface ScriptVersion {
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly run: string;
}

/** What the ledger knows of a script. A later attempt, whatever becomes of it, leaves the record of the success alone. */
export interface ScriptRecord {
  readonly applied?: ScriptVersion;
  /** `running` is written before an attempt: where it is found later, the attempt was interrupted. */
  readonly attempt?: ScriptVersion & { readonly state: 'running' | 'failed' };
}

/** A script whose content differs from what was applied. */
export interface ChangedScript {
  /** Its file, as a person would type it; or the key of the config. */
  readonly file: string;
  readonly schema?: string | undefined;
  readonly applied: ScriptVersion;
  readonly sha256: string;
  /** The file that was applied with the same content and is gone, and its key in the ledger. */
  readonly former?: { readonly name: string; readonly key: string } | undefined;
}

/** How many changed scripts a message lists. */
const shown = 10;

const attemptKey = (key: string): string => `${key} (attempt)`;

/** Reads the record of a script; releases before this one kept an attempt in the place of the success. */
export function recordOf(entries: ReadonlyMap<string, Json>, key: string): ScriptRecord {
  const own = versionOf(entries.get(key));
  const applied = own?.state === 'done' ? own : undefined;
  const attempt = versionOf(entries.get(attemptKey(key))) ?? (applied ? undefined : own);
  // Killed between the two writes of a success.
  const isOver = attempt?.run === applied?.run && attempt?.sha256 === applied?.sha256;
  return {
    ...(applied ? { applied: { sha256: applied.sha256, run: applied.run } } : {}),
    ...(attempt && attempt.state !== 'done' && !isOver
      ? { attempt: { ...attempt, state: attempt.state } }
      : {}),
  };
}

/** Why a script runs now; `mismatch` where it was applied with another content and may not; undefined where nothing is to do. */
export function reasonToRun(
  { applied, attempt }: ScriptRecord,
  sha256: string,
  rerun: Rerun,
): 'new' | 'changed' | 'failed' | 'interrupted' | 'always' | 'mismatch' | undefined {
  if (attempt?.state === 'running') return 'interrupted';
  if (!applied) return attempt ? 'failed' : 'new';
  if (rerun === 'always') return 'always';
  if (applied.sha256 === sha256) return undefined;
  return rerun === 'changed' ? 'changed' : 'mismatch';
}

/** The key of an applied script with the same content whose file is gone; undefined if no script was renamed. `isOwn` chooses keys of the same schema. */
export function formerKey(
  entries: ReadonlyMap<string, Json>,
  sha256: string,
  isOwn: (key: string) => boolean,
): string | undefined {
  return [...entries.keys()].find((key) => isOwn(key) && recordOf(entries, key).applied?.sha256 === sha256);
}

/** Notes that an attempt is under way, or has failed. */
export function noteAttempt(
  ledger: TaskLedger,
  key: string,
  attempt: NonNullable<ScriptRecord['attempt']>,
): Promise<void> {
  return ledger.set(attemptKey(key), { ...attempt });
}

/** Removes the note of an attempt that has succeeded. */
export function endAttempt(ledger: TaskLedger, key: string): Promise<void> {
  return ledger.delete(attemptKey(key));
}

/** Records a success; with `client`, as a part of its transaction. */
export function noteApplied(
  ledger: TaskLedger,
  key: string,
  { sha256, run }: ScriptVersion,
  client?: TaskClient,
): Promise<void> {
  return ledger.set(key, { state: 'done', sha256, run }, client);
}

/** The error for scripts that were applied with another content. */
export function mismatchProblem(
  task: string,
  changed: readonly [ChangedScript, ...ChangedScript[]],
): Problem {
  const [first] = changed;
  const files = new Set(changed.map(({ file }) => file)).size;
  const rest = changed.length - shown;
  return {
    code: 'DBB5023',
    message: first.former
      ? `"${first.file}" was applied already, as "${first.former.name}"`
      : files === 1
        ? `"${first.file}" has changed since it was applied`
        : `${String(files)} scripts have changed since they were applied, the first is "${first.file}"`,
    place: { file: first.file },
    notes: [
      ...changed.slice(0, shown).flatMap(({ file, schema, applied, sha256 }) => {
        const where = schema === undefined ? file : `${file} in schema ${schema}`;
        return [
          { label: 'applied', text: `${where}: sha256 ${applied.sha256}, by run ${applied.run}` },
          { label: 'now', text: `${where}: sha256 ${sha256}` },
        ];
      }),
      ...(rest > 0 ? [{ label: 'note', text: `and ${String(rest)} more` }] : []),
      { label: 'not done', text: 'no script was run' },
    ],
    help: first.former
      ? `give it its former name; or accept the new name without running it: db-bootstrap repair ${task}`
      : `restore it, and put the change into a new file; or accept the new content without running it: db-bootstrap repair ${task}; ` +
        `or let changed scripts run again: --set tasks.${task}.rerun=changed`,
    facts: { script: first.file, applied: first.applied.sha256, sha256: first.sha256 },
  };
}

/** Records scripts as applied with the content that they have now. */
export async function acceptScripts(
  { ledger, runId }: TaskContext<unknown>,
  changed: readonly (ChangedScript & { readonly key: string })[],
): Promise<readonly Repair[]> {
  const repairs: Repair[] = [];
  for (const { key, file, schema, sha256, former } of changed) {
    await noteApplied(ledger, key, { sha256, run: runId });
    if (former) await ledger.delete(former.key);
    const where = schema === undefined ? `"${file}"` : `"${file}" in schema "${schema}"`;
    repairs.push({
      message: `${where} counts as applied with its present content, and was not run`,
      subject: { script: file, ...(schema === undefined ? {} : { schema }), sha256 },
    });
  }
  return repairs;
}

function versionOf(
  value: Json | undefined,
): (ScriptVersion & { readonly state: 'running' | 'failed' | 'done' }) | undefined {
  if (value === null || typeof value !== 'object' || !('state' in value)) return undefined;
  const { state, sha256, digest, run } = value as Readonly<Record<string, string>>;
  if (state !== 'running' && state !== 'failed' && state !== 'done') return undefined;
  return { state, sha256: sha256 ?? digest ?? '', run: run ?? 'unknown' };
}
