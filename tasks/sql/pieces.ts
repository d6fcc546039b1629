import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskContext } from '../../config/define.js';
import type { Inspection, TenantRows } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { decodeScript } from '../../lib/postgres/index.js';
import {
  formerKey,
  mismatchProblem,
  reasonToRun,
  recordOf,
  type ChangedScript,
  type ScriptRecord,
} from '../applied.js';
import { toUtf8, withoutZero } from '../encoding.js';
import { findFiles, isPlainPath } from '../glob.js';
import type { SqlOptions } from '../sql.js';

/** One script in one schema. */
export interface Piece {
  /** The file, or "text". */
  readonly name: string;
  readonly schema: string | undefined;
  readonly text: string;
  readonly digest: string;
  /** Its key in the ledger. */
  readonly key: string;
}

/** A piece that runs now, and what the ledger knows of it. */
export interface DuePiece extends Piece {
  readonly record: ScriptRecord;
  readonly former?: ChangedScript['former'];
}

/** All scripts in all schemas: file by file, each in every schema. */
export async function piecesOf(context: TaskContext<SqlOptions>): Promise<Piece[]> {
  return combine(await scriptsOf(context), await schemasOf(context));
}

function combine(
  scripts: readonly { readonly name: string; readonly text: string }[],
  schemas: readonly (string | undefined)[],
): Piece[] {
  return scripts.flatMap(({ name, text }) => {
    const digest = createHash('sha256').update(text).digest('hex');
    return schemas.map((schema) => ({
      name,
      schema,
      text,
      digest,
      key: schema === undefined ? name : `${schema}/${name}`,
    }));
  });
}

/** The pieces that have to run now. Throws where one was applied with another content and may not run again. */
export async function duePieces(
  context: TaskContext<SqlOptions>,
  pieces: readonly Piece[],
): Promise<readonly DuePiece[]> {
  const judged = await judge(context, pieces);
  const [first, ...rest] = judged.filter(isMismatch).map((piece) => changedPiece(context, piece));
  if (first) throw context.fail(mismatchProblem(context.task, [first, ...rest]));
  return judged.filter(({ why }) => why !== undefined);
}

/** The pieces that were applied with another content and may not run again, as far as files and catalog tell. */
export async function changedPieces(
  context: TaskContext<SqlOptions>,
): Promise<readonly (ChangedScript & { readonly key: string })[]> {
  const entries = await context.ledger.entries();
  // Where nothing was applied, nothing has changed.
  if (entries.size === 0) return [];
  const schemas =
    context.options.schemas === 'tenants' ? await knownSchemas(context) : await schemasOf(context);
  const pieces = combine(await scriptsOf(context), schemas);
  return (await judge(context, pieces)).filter(isMismatch).map((piece) => changedPiece(context, piece));
}

async function judge(
  { options, ledger }: TaskContext<SqlOptions>,
  pieces: readonly Piece[],
): Promise<readonly (DuePiece & { why: ReturnType<typeof reasonToRun> })[]> {
  // What stands in the config itself is configuration; a file is a migration.
  const rerun = options.rerun ?? (options.text === undefined ? 'never' : 'changed');
  const entries = await ledger.entries();
  const present = new Set(pieces.map(({ key }) => key));
  return pieces.map((piece) => {
    const record = recordOf(entries, piece.key);
    const why = reasonToRun(record, piece.digest, rerun);
    if (why !== 'new' || rerun !== 'never') return { ...piece, record, why };
    const prefix = piece.key.slice(0, -piece.name.length);
    const isGone = (key: string): boolean => !present.has(key) && key.startsWith(prefix);
    const former = formerKey(entries, piece.digest, isGone);
    if (former === undefined) return { ...piece, record, why };
    const { applied } = recordOf(entries, former);
    return {
      ...piece,
      record: { ...record, ...(applied ? { applied } : {}) },
      former: { name: former.slice(prefix.length), key: former },
      why: 'mismatch',
    };
  });
}

function isMismatch({ why }: { readonly why: ReturnType<typeof reasonToRun> }): boolean {
  return why === 'mismatch';
}

function changedPiece(
  { options, task }: TaskContext<SqlOptions>,
  { name, schema, key, digest, record, former }: DuePiece,
): ChangedScript & { readonly key: string } {
  const file = options.text === undefined ? name : `tasks.${task}.text`;
  return {
    key,
    file,
    schema,
    sha256: digest,
    former,
    applied: record.applied ?? { sha256: '', run: '' },
  };
}

/** The schemas that exist, without asking Django which of them are tenants: only those with a record matter. */
async function knownSchemas({ database }: TaskContext<unknown>): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    'select nspname::text as name from pg_catalog.pg_namespace',
  );
  return rows.map(({ name }) => name);
}

async function scriptsOf(context: TaskContext<SqlOptions>): Promise<{ name: string; text: string }[]> {
  const { options, root } = context;
  if (options.text !== undefined) return [{ name: 'text', text: options.text }];
  const patterns = options.files ?? [];
  const names: string[] = [];
  for (const pattern of patterns) {
    const found = await findFiles(root, [pattern]);
    if (found.length === 0 && !pattern.startsWith('!')) {
      throw context.fail({
        code: 'DBB5009',
        message: isPlainPath(pattern)
          ? `the file "${pattern}" does not exist`
          : `no file matches "${pattern}"`,
        notes: [{ label: 'looked in', text: root }],
        help: `correct "files" of task "${context.task}": paths are relative to the config`,
      });
    }
    names.push(...found);
  }
  return Promise.all(
    [...new Set(names)].map(async (name) => {
      const decoded = decodeScript(await readFile(resolve(root, name)));
      if ('text' in decoded) return { name, text: decoded.text };
      throw context.fail(notUtf8(name, decoded));
    }),
  );
}

/** A byte that is no UTF-8 would reach the server as another character, and stay there; what follows a zero byte would not reach it. */
function notUtf8(name: string, { line, byte }: { readonly line: number; readonly byte: number }): Problem {
  return {
    code: 'DBB5004',
    message:
      byte === 0
        ? `"${name}" holds a zero byte on line ${String(line)}, and what follows it would be lost`
        : `"${name}" is not UTF-8: line ${String(line)} holds the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    place: { file: name, line },
    notes: [{ label: 'not done', text: 'no script was run' }],
    help: byte === 0 ? withoutZero(name) : toUtf8(name, byte),
    facts: { sqlstate: '22021' },
  };
}

async function schemasOf(context: TaskContext<SqlOptions>): Promise<(string | undefined)[]> {
  const { schemas } = context.options;
  if (schemas === undefined) return [undefined];
  if (schemas === 'public') return ['public'];
  if (schemas !== 'tenants') return [...schemas];
  try {
    const { tenancy, publicSchema } = await context.host.request<Inspection>('inspect');
    if (tenancy) {
      const { tenants } = await context.host.request<TenantRows>('tenants');
      return tenants.map(({ schema }) => schema).filter((schema) => schema !== publicSchema);
    }
  } catch (error) {
    // No Django here at all: the tenants are those that the config names.
    if (!(error instanceof BootstrapError) || !['DBB6001', 'DBB6002', 'DBB6004'].includes(error.code))
      throw error;
  }
  return context.tenants.map(({ schema }) => schema);
}
