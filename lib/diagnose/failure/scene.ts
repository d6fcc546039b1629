import type { TaskContext, TaskDatabase } from '../../../config/define.js';
import type { TaskDefinition, Workflow } from '../../../config/workflow.js';
import { projectIn, type Project } from './project.js';

/** The failed task, and whoever can be asked about its failure. */
export interface Scene {
  readonly task: TaskDefinition;
  readonly workflow: Workflow;
  readonly database: TaskDatabase;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Absent where the workflow has no Django. */
  readonly project: Project | undefined;
  /** What a command was told to run; empty for tasks of other kinds. */
  readonly command: string;
}

/** What the engine knows of a failed task. */
export interface Failed {
  readonly task: TaskDefinition;
  readonly workflow: Workflow;
  readonly context: TaskContext<unknown>;
  readonly startedAt: number;
}

/** The scene of a failure. */
export function sceneOf({ task, workflow, context, startedAt }: Failed): Scene {
  return {
    task,
    workflow,
    database: context.database,
    get env() {
      return context.env;
    },
    startedAt,
    project: projectIn(workflow.django.directory, () => context.host),
    command: commandOf(task.options),
  };
}

function commandOf(options: unknown): string {
  const run: unknown =
    typeof options === 'object' && options !== null && 'run' in options ? options.run : undefined;
  if (typeof run === 'string') return run;
  return Array.isArray(run) ? run.map(String).join(' ') : '';
}

/** The schema that a command names for itself, by the options of django_tenants. */
export function schemaOfCommand(command: string): string | undefined {
  const [, quoted, plain] =
    /(?:--schema|(?:^|\s)-s)(?:=|\s+)(?:["']([^"']+)["']|([^\s"';|&]+))/.exec(command) ?? [];
  return quoted ?? plain;
}

/** Whether a command runs the project's manage.py. */
export function runsDjango(command: string): boolean {
  return /\bmanage\.py\b|\bdjango-admin\b|-m\s+django\b/.test(command);
}
