import type { Json } from '../../config/define.js';
import { reasonToRun, recordOf, type ChangedScript, type Rerun } from '../applied.js';
import type { InitFile } from './folder.js';

/** A file that must run, and why. */
export interface DueFile {
  readonly file: InitFile;
  readonly why: NonNullable<ReturnType<typeof reasonToRun>> | 'for its variables';
}

/** The files that must run now, in order: what is not done, and before it every sourced file, whose variables it may need. */
export function decideDue(
  files: readonly InitFile[],
  entries: ReadonlyMap<string, Json>,
  rerun: Rerun,
): DueFile[] {
  const reasons = files.map(({ name, sha256 }) => reasonToRun(recordOf(entries, name), sha256, rerun));
  const last = reasons.findLastIndex((why) => why !== undefined);
  return files.slice(0, last + 1).flatMap((file, index): DueFile[] => {
    const why = reasons[index] ?? (file.kind === 'source' ? 'for its variables' : undefined);
    return why === undefined ? [] : [{ file, why }];
  });
}

/** The files that were applied with another content and may not run again. */
export function changedFiles(
  due: readonly DueFile[],
  entries: ReadonlyMap<string, Json>,
): readonly (ChangedScript & { readonly key: string })[] {
  return due
    .filter(({ why }) => why === 'mismatch')
    .map(({ file: { name, shown, sha256 } }) => ({
      key: name,
      file: shown,
      sha256,
      applied: recordOf(entries, name).applied ?? { sha256: '', run: '' },
    }));
}
