import type { TaskClient, TaskHost } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import type { ConnectionParameters } from '../postgres/index.js';

/** What rules may look at. Reading any of it changes nothing. */
export interface Evidence {
  /** Absolute path of the folder of the config, or of the repository where there is none. Places are relative to it. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absent where the config is missing or wrong. */
  readonly workflow?: Workflow;
  /** Absolute path of the folder that holds manage.py, where there is one. */
  readonly projectDirectory?: string;
  /** Absent where the project has no Django. Requests fail where it does not load. */
  readonly host?: TaskHost;
  /** Where the database should be, whether it answers or not; absent where none is configured. */
  readonly connection?: ConnectionParameters;
  /** Absent where no database is configured or it does not answer. */
  readonly database?: TaskClient;
  /** Absolute paths of CI workflow files: those of the repository, or the one that was named. */
  readonly workflowFiles: readonly string[];
  readonly signal: AbortSignal;
}
