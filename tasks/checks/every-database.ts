import * as z from 'zod/mini';
import type { Finding, Repair, TaskContext, TaskKind, TaskResult } from '../../config/define.js';
import { inspect, uncoveredDatabase } from '../../lib/django/index.js';
import { BootstrapError } from '../../lib/errors/index.js';
import { contextIn, databases, named, othersOf, withSession } from '../databases.js';

type Options = { readonly databases?: readonly string[] };

/**
 * Extends a check of the main database to the `databases` of its options. In a database that is not PostgreSQL, only the migrations are
 * checked, because the other checks read PostgreSQL's catalog.
 */
export function inEveryDatabase(kind: TaskKind): TaskKind {
  return {
    ...kind,
    options: z.extend(kind.options as z.ZodMiniObject, { databases }),
    run: async (ctx) => {
      const results = [await kind.run(ctx)];
      const more = readsMigrations(kind) ? [...(await uncovered(ctx))] : [];
      for (const alias of await othersOf(ctx, (ctx.options as Options).databases))
        try {
          const result = await lookIn(kind, ctx, alias);
          if (result) results.push(resultIn(alias, result));
        } catch (error) {
          // If one database cannot be reached, still report the findings of the others.
          const isFirst = more.length === 0 && results.every(({ findings = [] }) => findings.length === 0);
          if (!(error instanceof BootstrapError) || ctx.signal.aborted || isFirst) throw error;
          more.push(...error.problems.map((problem) => ({ ...problem, subject: { alias } })));
        }
      return merged(results, more);
    },
    ...(kind.fix && { fix: (ctx, how) => fixAll(kind, ctx, how) }),
  };
}

function lookIn(kind: TaskKind, ctx: TaskContext<unknown>, alias: string): Promise<TaskResult | undefined> {
  if (readsMigrations(kind)) return kind.run(contextIn(ctx, alias));
  return withSession(ctx, alias, async (inside, vendor) =>
    inside ? kind.run(inside) : notExamined(kind, vendor),
  );
}

/** Whether the check gets its facts from Django, so that it works with every database engine. */
function readsMigrations({ kind }: TaskKind): boolean {
  return kind === 'check-migrations';
}

async function fixAll(
  kind: TaskKind,
  ctx: TaskContext<unknown>,
  how: { readonly confirmed: boolean },
): Promise<readonly Repair[]> {
  const fix = async (inside: TaskContext<unknown>, confirmed: boolean): Promise<readonly Repair[]> =>
    (await kind.fix?.(inside, { confirmed })) ?? [];
  const repairs = [...(await fix(ctx, how.confirmed))];
  for (const alias of await othersOf(ctx, (ctx.options as Options).databases))
    await withSession(ctx, alias, async (inside) => {
      // The user confirmed deletions for the main database only, by typing its name.
      if (inside) repairs.push(...(await fix(inside, false)).map(repairIn(alias)));
    });
  return repairs;
}

/** Warnings about databases that receive migrations by the routers, but that the config does not list. */
async function uncovered({ host, options }: TaskContext<unknown>): Promise<readonly Finding[]> {
  const { databases: covered = [] } = options as Options;
  const { otherDatabases } = await inspect(host);
  return otherDatabases.filter(({ alias }) => !covered.includes(alias)).map(uncoveredDatabase);
}

/** The warning for a database that is not PostgreSQL; only the check `tables` reports it, so that it appears once. */
function notExamined({ kind }: TaskKind, vendor: string): TaskResult | undefined {
  if (kind !== 'check-tables') return undefined;
  const finding: Finding = {
    code: 'DBB6095',
    severity: 'warning',
    message: `its tables and rows were not examined: the engine is ${vendor}, and checks read the catalog of PostgreSQL`,
    help: 'compare its tables with a tool of that database, since only its migrations are checked here',
    subject: {},
  };
  return { changed: false, summary: 'not examined', findings: [finding] };
}

function resultIn(alias: string, result: TaskResult): TaskResult {
  return {
    ...result,
    summary: `${named(alias)}: ${result.summary}`,
    findings: (result.findings ?? []).map((finding): Finding => ({
      ...finding,
      message: `${named(alias)}: ${finding.message}`,
      facts: { ...finding.facts, alias },
      subject: { ...finding.subject, alias },
    })),
  };
}

function repairIn(alias: string): (repair: Repair) => Repair {
  return ({ message, subject }) => ({
    message: `${named(alias)}: ${message}`,
    subject: { ...subject, alias },
  });
}

function merged(results: readonly TaskResult[], more: readonly Finding[]): TaskResult {
  const [first] = results;
  if (first && results.length === 1 && more.length === 0) return first;
  const findings = [...results.flatMap((result) => result.findings ?? []), ...more];
  const warnings = results.flatMap((result) => result.warnings ?? []);
  return {
    changed: results.some(({ changed }) => changed),
    summary: results.map(({ summary }) => summary).join('; '),
    ...(findings.length > 0 ? { findings } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}
