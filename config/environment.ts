import { resolve } from 'node:path';
import type { Place, Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { parseEnvFile } from './env-file.js';
import { interpolateText, missingVariableProblem } from './interpolate.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';
import { textFault } from './names.js';
import type { Path } from './source.js';
import { readTextFile, unreadableReason } from './text-file.js';
import { unreadVariables } from './unread.js';

/** Variables, and where each of them was set: a place in a file, or its own name where the process has it. */
export interface Environment {
  readonly variables: Record<string, string>;
  readonly placeOf: (name: string) => Place;
}

/**
 * The environment of children: files of variables, over them the process's own, over it the config's `env` (whose texts may name
 * variables of both, and of the lines above). A file that is named and missing is a problem.
 */
export function readEnvironment(options: {
  readonly data: Record<string, Json>;
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
  readonly locate: Locate;
  readonly problems: Problem[];
}): Environment {
  const { data, env, root, locate, problems } = options;
  const own = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const isUnread = unreadVariables(root, data.envFile);
  const demand =
    (path: Path) =>
    (variable: string, message: string | undefined): string => {
      const missing = { path, variable, ...(message === undefined ? {} : { message }) };
      problems.push({ ...missingVariableProblem(missing, isUnread), place: locate(path, 'value') });
      return '';
    };
  const listed = Array.isArray(data.envFile);
  const files: readonly Json[] = listed ? (data.envFile as Json[]) : [data.envFile ?? null];
  const fromFiles: Record<string, string> = {};
  const texts: { readonly file: string; readonly text: string }[] = [];
  for (const [index, name] of files.entries()) {
    if (typeof name !== 'string') continue;
    const path = listed ? ['envFile', index] : ['envFile'];
    const file = interpolateText(name, own, demand(path));
    // What no path can hold is told of all texts.
    if (textFault(file) !== undefined) continue;
    try {
      const text = readTextFile(resolve(root, file));
      Object.assign(fromFiles, parseEnvFile(text, own, fromFiles));
      texts.push({ file, text });
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      problems.push({
        code: 'DBB2016',
        message: missing
          ? `the env file "${file}" does not exist`
          : `the env file "${file}" could not be read: ${unreadableReason(error)}`,
        place: locate(path, 'value'),
        help: missing
          ? 'make the file, or take it out of envFile'
          : 'make it a file of UTF-8 text that this user may read',
      });
    }
  }
  const result = { ...fromFiles, ...own };
  // In their order, so that one may build on those above it; its own name means what the environment holds.
  const configured = isObject(data.env) ? data.env : {};
  for (const [name, value] of Object.entries(configured)) {
    if (typeof value !== 'object')
      result[name] = interpolateText(String(value), result, demand(['env', name]));
  }
  return {
    variables: result,
    placeOf: (name) => {
      if (Object.hasOwn(configured, name)) return locate(['env', name], 'value');
      const holder =
        own[name] === undefined ? texts.findLast(({ text }) => lineOf(name, text) > 0) : undefined;
      return holder ? { file: holder.file, line: lineOf(name, holder.text) } : { file: name };
    },
  };
}

/** The line of an env file that sets a variable for good, from 1; 0 where none does. */
function lineOf(name: string, text: string): number {
  const sets = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*[=:]`);
  return text.split('\n').findLastIndex((line) => sets.test(line)) + 1;
}
