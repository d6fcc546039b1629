import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json, TaskContext } from '../../config/define.js';
import type { Inspection, TenantRows } from '../../lib/django/index.js';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import { decodeScript } from '../../lib/postgres/index.js';
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

/** What the ledger holds of a piece: done, or begun without a transaction and not ended. */
export interface PieceEntry {
  readonly state: 'running' | 'done';
  readonly digest: string;
  readonly run: string;
}

/** All scripts in all schemas: file by file, each in every schema. */
export async function piecesOf(context: TaskContext<SqlOptions>): Promise<Piece[]> {
  const scripts = await scriptsOf(context);
  const schemas = await schemasOf(context);
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

/** The pieces that have to run now. */
export async function duePieces(
  { options, ledger }: TaskContext<SqlOptions>,
  pieces: readonly Piece[],
): Promise<Piece[]> {
  if (options.rerun === 'always') return [...pieces];
  const entries = await ledger.entries();
  return pieces.filter((piece) => {
    const entry = entryOf(entries.get(piece.key));
    if (entry?.state !== 'done') return true;
    return options.rerun === 'changed' && entry.digest !== piece.digest;
  });
}

/** A ledger entry as it was written; undefined for what is none. */
export function entryOf(value: Json | undefined): PieceEntry | undefined {
  return value !== null && typeof value === 'object' && 'state' in value
    ? (value as unknown as PieceEntry)
    : undefined;
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

/** A byte that is no UTF-8 would reach the server as another character, and stay there. */
function notUtf8(name: string, { line, byte }: { readonly line: number; readonly byte: number }): Problem {
  return {
    code: 'DBB5004',
    message: `"${name}" is not UTF-8: line ${String(line)} holds the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    place: { file: name, line },
    notes: [{ label: 'not done', text: 'no script was run' }],
    help: `convert it to UTF-8: iconv -f latin1 -t utf-8 (or -f utf-16)`,
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
