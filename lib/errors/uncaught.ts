import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EarlyExit } from './early-exit.js';
import { packageRoot } from './package-root.js';
import { asError } from './thrown.js';
import type { Place, Problem } from './problem.js';

/**
 * What to say about an error that nobody caught: a promise that was left alone, a timer or a listener that throws. Undefined where
 * nobody but db-bootstrap was at work: then it is a fault of ours.
 */
export function uncaughtProblem(error: unknown): Problem | undefined {
  const fault = asError(error);
  // What is rejected with anything but an error has no place, and none of ours does that.
  const stack = fault === error ? fault.stack : undefined;
  const place = stack === undefined ? undefined : foreignPlace(stack);
  if (fault instanceof EarlyExit) {
    return {
      code: 'DBB9002',
      message: fault.message,
      ...(place ? { place } : {}),
      help: 'throw an error in its place: the config, its plugins and what they import may not end the process',
    };
  }
  if (!place && fault === error) return undefined;
  return {
    code: 'DBB9002',
    message: `an error that nobody caught: ${fault.message}`,
    ...(place ? { place } : {}),
    help: 'await every promise of the config and its plugins, and catch what timers and listeners throw',
    ...(stack === undefined ? {} : { output: stack }),
  };
}

/** Where code of the project's own was, nearest to the error; else that of a library which it uses. */
function foreignPlace(stack: string): Place | undefined {
  const root = packageRoot();
  const ours = ['dist', 'lib', 'config', 'tasks', 'bin', 'node_modules'].map((name) => `${root}/${name}/`);
  const frames = [
    ...stack.matchAll(/^ +at (?:async |.* \()?((?:file:\/\/)?\/[^\s()]*):(\d+):(\d+)\)?$/gm),
  ].map(([, file = '', line, column]) => ({
    file: file.startsWith('file:') ? fileURLToPath(file) : file,
    line: Number(line),
    column: Number(column),
  }));
  const foreign = frames.filter(({ file }) => !ours.some((folder) => file.startsWith(folder)));
  const frame = foreign.find(({ file }) => !file.includes('/node_modules/')) ?? foreign[0];
  if (!frame) return undefined;
  const path = relative(process.cwd(), frame.file);
  return { ...frame, file: path.startsWith('..') ? frame.file : path };
}
