import { resolve } from 'node:path';
import type { Origin, TaskDefinition } from '../../../config/workflow.js';
import { composeScripts } from '../ci/compose.js';
import { hiddenFailures } from '../ci/hidden-failures.js';
import { initScripts } from '../ci/init-scripts.js';
import { tenantFlagValues, repeatedMigrations } from '../ci/migrations.js';
import { withInnerScripts } from '../ci/inner-scripts.js';
import { scriptOf, setsPipefail, type Script } from '../ci/script.js';
import { waitLoops } from '../ci/wait-loops.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';

/** Faults of commands in the config: the same as in CI workflow files. */
export const scriptsRules: readonly Rule[] = [
  ofCommands('command-hidden-failures', hiddenFailures),
  ofCommands('command-tenant-flag', tenantFlagValues),
  ofCommands('command-init-scripts', initScripts),
  ofCommands('command-wait-loops', waitLoops),
  {
    name: 'command-repeated-migrations',
    reads: ['workflow'],
    find: async (evidence) => repeatedMigrations(await scriptsOf(evidence)),
  },
];

function ofCommands(name: string, find: (script: Script) => readonly Diagnosis[]): Rule {
  return {
    name,
    reads: ['workflow'],
    find: async (evidence) => (await scriptsOf(evidence)).flatMap(find),
  };
}

/** The commands, and what they start. */
async function scriptsOf(evidence: Evidence): Promise<readonly Script[]> {
  const scripts = commandsOf(evidence).flatMap((script) => withInnerScripts(script, evidence.root));
  return [...scripts, ...(await composeScripts(scripts, evidence.root))];
}

function commandsOf({ workflow, root }: Evidence): Script[] {
  return [...(workflow?.tasks.values() ?? [])].flatMap((task) => {
    const text = textOf(task);
    if (!task.enabled || text === undefined) return [];
    const origin = workflow?.origins.get(`tasks.${task.name}.run`);
    return [
      scriptOf({
        text,
        subject: { task: task.name },
        label: `task "${task.name}"`,
        folder: folderOf(task, root),
        // A command gets the database by PG* and DATABASE_URL.
        variables: new Set(['PGUSER', 'DATABASE_URL', ...Object.keys(task.env)]),
        // It is read by a shell without options: what is not last may fail.
        pipefail: setsPipefail(text),
        stopsAtErrors: false,
        placeOf: () => placeOf(origin, task),
      }),
    ];
  });
}

/** The text of a command, as a shell would read it; undefined for other kinds. */
function textOf({ use, options }: TaskDefinition): string | undefined {
  if (use !== 'command' || typeof options !== 'object' || options === null || !('run' in options))
    return undefined;
  const { run } = options;
  if (Array.isArray(run)) return run.map((word) => `'${String(word).replaceAll("'", `'"'"'`)}'`).join(' ');
  return typeof run === 'string' ? run : undefined;
}

function folderOf({ options }: TaskDefinition, root: string): string {
  const { cwd } = (options ?? {}) as { readonly cwd?: unknown };
  return typeof cwd === 'string' ? resolve(root, cwd) : root;
}

function placeOf(origin: Origin | undefined, { name }: TaskDefinition): ReturnType<Script['placeOf']> {
  return origin?.place ?? { file: origin?.layer ?? 'config', keyPath: `tasks.${name}.run` };
}
