import type { TaskKind } from '../../config/define.js';
import type { SelectOptions } from './options.js';

const prefix = 'check-';

/** People say "tables" and mean the task "check-tables": the names of the kinds that are checks, without their prefix. */
export function withPrefix(
  { only, skip, from }: SelectOptions,
  kinds: ReadonlyMap<string, TaskKind>,
): SelectOptions {
  const short = new Set(
    [...kinds.values()]
      .filter(({ check, kind }) => check === true && kind.startsWith(prefix))
      .map(({ kind }) => kind.slice(prefix.length)),
  );
  const full = (names: readonly string[] | undefined): readonly string[] | undefined =>
    names?.map((name) => (short.has(name) ? prefix + name : name));
  return Object.fromEntries(
    Object.entries({ only: full(only), skip: full(skip), from: full(from) }).filter(([, names]) => names),
  );
}

/** A check's name as people say it. */
export function withoutPrefix(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
