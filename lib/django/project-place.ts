import { relative, resolve } from 'node:path';
import { fileText, type Place } from '../errors/index.js';

/** The folder of manage.py, where the host's places begin, and that of the config, where a person's do. */
export interface ProjectFolders {
  readonly directory: string;
  readonly root: string;
}

/** "file:line" of the project, as a person would type the file, with the line's text where it can be read. */
export function projectPlace(at: string | undefined, folders?: ProjectFolders): Place | undefined {
  const [, file, number] = /^(.*):(\d+)$/.exec(at ?? '') ?? [];
  if (file === undefined) return undefined;
  const line = Number(number);
  if (folders === undefined) return { file, line };
  const path = resolve(folders.directory, file);
  const source = lineOf(path, line);
  const text = source?.trim() ?? '';
  return {
    file: relative(folders.root, path),
    line,
    ...(source === undefined || text === ''
      ? {}
      : { source, column: source.indexOf(text) + 1, length: text.length }),
  };
}

function lineOf(path: string, line: number): string | undefined {
  return fileText(path)?.split('\n')[line - 1]?.trimEnd();
}
