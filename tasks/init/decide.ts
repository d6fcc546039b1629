import type { Json } from '../../config/define.js';
import type { InitFile } from './folder.js';

/** What the ledger keeps about a file, under its name. */
export interface InitEntry {
  /** `running` is written before a file starts: what is found so later was interrupted. */
  readonly state: 'running' | 'done' | 'failed';
  readonly sha256: string;
  /** Id of the run. */
  readonly run: string;
}

/** A file that must run, and why. */
export interface DueFile {
  readonly file: InitFile;
  readonly why: 'new' | 'changed' | 'failed' | 'interrupted' | 'always' | 'for its variables';
}

/** When a file that is done runs again. */
export type Rerun = 'always' | 'changed' | 'never';

/** The files that must run now, in order: what is not done, and before it every sourced file, whose variables it may need. */
export function decideDue(
  files: readonly InitFile[],
  entries: ReadonlyMap<string, Json>,
  rerun: Rerun,
): DueFile[] {
  const reasons = files.map((file) => reasonFor(file, entryOf(entries, file.name), rerun));
  const last = reasons.findLastIndex((why) => why !== undefined);
  return files.slice(0, last + 1).flatMap((file, index): DueFile[] => {
    const why = reasons[index] ?? (file.kind === 'source' ? 'for its variables' : undefined);
    return why === undefined ? [] : [{ file, why }];
  });
}

/** The ledger's entry of a file. */
export function entryOf(entries: ReadonlyMap<string, Json>, name: string): InitEntry | undefined {
  return entries.get(name) as InitEntry | undefined;
}

function reasonFor(file: InitFile, entry: InitEntry | undefined, rerun: Rerun): DueFile['why'] | undefined {
  if (!entry) return 'new';
  if (entry.state === 'running') return 'interrupted';
  if (entry.state === 'failed') return 'failed';
  if (rerun === 'always') return 'always';
  if (rerun === 'changed' && entry.sha256 !== file.sha256) return 'changed';
  return undefined;
}
