import { loadWorkflow } from '../../config/index.js';
import type { TaskHost } from '../../config/define.js';
import type { Workflow } from '../../config/workflow.js';
import { examine, type Evidence, type Finding, type Rule } from '../../lib/diagnose/index.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { builtinKinds } from '../../tasks/index.js';
import { makeFolder } from './folder.js';

/** What a test lets rules look at. */
export interface EvidenceOptions {
  readonly url?: string;
  /** The text of a config in YAML. */
  readonly config?: string;
  readonly host?: TaskHost;
  readonly env?: Readonly<Record<string, string>>;
}

/** What rules find with real parts: the database of a URL (where it answers), a config that is really loaded. */
export async function findingsWith(
  rules: readonly Rule[],
  { url, config, host, env = {} }: EvidenceOptions,
): Promise<readonly Finding[]> {
  const connection = url === undefined ? undefined : resolveConnection(url, env);
  const database = connection && new Database(connection, { applicationName: 'db-bootstrap/doctor' });
  try {
    const answers = await database?.query('select 1').then(
      () => true,
      () => false,
    );
    const evidence: Evidence = {
      root: '/nowhere',
      env,
      workflowFiles: [],
      signal: new AbortController().signal,
      ...(connection ? { connection } : {}),
      ...(database && answers === true ? { database } : {}),
      ...(config === undefined ? {} : { workflow: await workflowOf(config, env) }),
      ...(host ? { host } : {}),
    };
    return (await examine(evidence, rules)).findings;
  } finally {
    await database?.close();
  }
}

async function workflowOf(config: string, env: Readonly<Record<string, string>>): Promise<Workflow> {
  const project = makeFolder({ '.bootstraprc.yaml': config });
  try {
    return (await loadWorkflow({ cwd: project.folder, env, builtinKinds })).workflow;
  } finally {
    project.remove();
  }
}
