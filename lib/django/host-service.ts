import { BootstrapError } from '../errors/index.js';
import { LoadedProject, type HostUser } from './loaded-project.js';

/** How the project is found. */
export interface HostServiceOptions {
  readonly django: {
    /** Absolute path of the folder that holds manage.py. */
    readonly directory: string;
    readonly python?: string;
    readonly settings?: string;
  };
  readonly root: string;
  readonly runId: string;
  /** Between asking and killing, in milliseconds. */
  readonly grace: number;
}

/** Asks the host in the name of one task. */
export interface HostClient {
  request<Result = unknown>(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    onEvent?: (event: Readonly<Record<string, unknown>>) => void,
  ): Promise<Result>;
}

/** One Python process for all tasks of a run. */
export interface HostService {
  forTask(user: HostUser): HostClient;
  /** Starts the process now; what fails is told at the first request. */
  warm(env: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Makes the service; the process starts at the first request, in the environment of the task that asks. */
export function createHostService(options: HostServiceOptions): HostService {
  let current: { readonly key: string; readonly project: Promise<LoadedProject> } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const open = async (env: Readonly<Record<string, string>>): Promise<LoadedProject> => {
    const key = JSON.stringify(Object.entries(env).sort());
    const last = await current?.project.catch(() => undefined);
    // A task with an environment of its own has other settings, or another database: it needs a process of its own.
    if (current && last?.usable === true && current.key === key) return last;
    await last?.close();
    const project = LoadedProject.open(options, env);
    current = { key, project };
    return project;
  };

  return {
    forTask: (user) => ({
      request: <Result>(
        method: string,
        params: Readonly<Record<string, unknown>> = {},
        onEvent: (event: Readonly<Record<string, unknown>>) => void = () => undefined,
      ) => {
        // One after the other: the process has one connection.
        const answer = queue.then(async () => {
          if (closed || user.signal.aborted) throw interrupted(user.name, method);
          const project = await open(user.env);
          return (await project.request(method, params, user, onEvent)) as Result;
        });
        queue = answer.catch(() => undefined);
        return answer;
      },
    }),
    warm: (env) => {
      queue = queue.then(() => (closed ? undefined : open(env))).catch(() => undefined);
    },
    close: async () => {
      closed = true;
      const project = await current?.project.catch(() => undefined);
      await project?.close();
      await queue;
    },
  };
}

function interrupted(task: string, method: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB5020',
    message: `task "${task}" was interrupted before Django answered "${method}"`,
  });
}
