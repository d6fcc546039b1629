import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { interpolateText, missingVariableProblem } from './interpolate.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';
import type { Path } from './source.js';
import { unreadVariables } from './unread.js';

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
}): Record<string, string> {
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
  for (const [index, name] of files.entries()) {
    if (typeof name !== 'string') continue;
    const path = listed ? ['envFile', index] : ['envFile'];
    const file = interpolateText(name, own, demand(path));
    try {
      Object.assign(fromFiles, parse(readFileSync(resolve(root, file))));
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      problems.push({
        code: 'DBB2016',
        message: missing
          ? `the env file "${file}" does not exist`
          : `the env file "${file}" could not be read: ${(error as Error).message}`,
        place: locate(path, 'value'),
        help: 'make the file, or take it out of envFile',
      });
    }
  }
  const result = { ...fromFiles, ...own };
  // In their order, so that one may build on those above it; its own name means what the environment holds.
  for (const [name, value] of Object.entries(isObject(data.env) ? data.env : {})) {
    if (typeof value !== 'object')
      result[name] = interpolateText(String(value), result, demand(['env', name]));
  }
  return result;
}
