import type { TaskDefinition } from '../../config/workflow.js';
import type { Ending } from './schedule.js';

/** Why a task was not started, as one phrase. */
export function reasonOf(task: TaskDefinition, ending: Ending, cancel: AbortSignal): string {
  if (!task.enabled) return task.disabledReason ?? 'disabled in the config';
  if (ending.blockedBy !== undefined) return `"${ending.blockedBy}" failed`;
  if (ending.stoppedBy !== undefined) return `not started, because "${ending.stoppedBy}" failed`;
  return `not started, because ${cancel.aborted ? whyCancelled(cancel) : 'the run was stopped'}`;
}

/** What ended the run early, as a clause: "the run was interrupted". */
export function whyCancelled(cancel: AbortSignal): string {
  return cancel.reason instanceof Error ? cancel.reason.message : 'the run was interrupted';
}
