import { packageVersion } from '../errors/index.js';
import { runWorkflow, type RunOptions, type RunResult } from '../run/index.js';
import { outlivingFaults } from './faults.js';

/** Executes a workflow as this version of the command; an error that nobody caught ends the run, in order, and not the process. */
export function runToEnd(options: Omit<RunOptions, 'version' | 'fault'>): Promise<RunResult> {
  return outlivingFaults((fault) => runWorkflow({ ...options, version: packageVersion(), fault }));
}
