import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Problem } from '../lib/errors/index.js';
import type { Json } from './define.js';
import { interpolateText, missingVariableProblem } from './interpolate.js';
import type { Locate } from './issues.js';
import { isObject } from './merge.js';

/**
 * The environment of children: files of variables, over them the process's own, over it the config's `env` (whose texts may name
 * variables of both). A file that is named and missing is a problem.
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
  const files: readonly Json[] = Array.isArray(data.envFile)
    ? (data.envFile as Json[])
    : data.envFile === undefined
      ? []
      : [data.envFile];
  const fromFiles: Record<string, string> = {};
  for (const [index, file] of files.entries()) {
    if (typeof file !== 'string') continue;
    try {
      Object.assign(fromFiles, parse(readFileSync(resolve(root, file))));
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      problems.push({
        code: 'DBB2016',
        message: missing
          ? `the env file "${file}" does not exist`
          : `the env file "${file}" could not be read: ${(error as Error).message}`,
        place: locate(Array.isArray(data.envFile) ? ['envFile', index] : ['envFile'], 'value'),
        help: 'make the file, or take it out of envFile',
      });
    }
  }
  const base = { ...fromFiles, ...own };
  const result = { ...base };
  for (const [name, value] of Object.entries(isObject(data.env) ? data.env : {})) {
    if (typeof value === 'object') continue;
    result[name] = interpolateText(String(value), base, (variable, message) => {
      problems.push({
        ...missingVariableProblem({ path: [], variable, ...(message === undefined ? {} : { message }) }),
        place: locate(['env', name], 'value'),
      });
    });
  }
  return result;
}
