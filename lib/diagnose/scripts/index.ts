import { resolve } from 'node:path';
import type { Origin, TaskDefinition } from '../../../config/workflow.js';
import { composeScripts, startedServices } from '../ci/compose.js';
import { hiddenFailures } from '../ci/hidden-failures.js';
import { initScripts } from '../ci/init-scripts.js';
import { repeatedMigrations, repeatedTasks, tenantFlagValues } from '../ci/migrations.js';
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
    find: (evidence) => {
      const scripts = scriptsOf(evidence);
      const own = repeatedTasks(scripts, migratingTasks(evidence));
      return own.length > 0 ? own : repeatedMigrations(scripts);
    },
  },
];

/** The tasks that migrate, by name, those of tenants last: with them, plain `migrate` does nothing. */
function migratingTasks({ workflow }: Evidence): readonly string[] {
  const enabled = [...(workflow?.tasks.values() ?? [])].filter((task) => task.enabled);
  const byKind = (kind: string): readonly string[] =>
    enabled.filter(({ use }) => use === kind).map(({ name }) => name);
  const ofTenants = [...byKind('shared'), ...byKind('tenant-migrations')];
  return ofTenants.length > 0 ? ofTenants : byKind('migrate');
}

function ofCommands(name: string, find: (script: Script) => readonly Diagnosis[]): Rule {
  return {
    name,
    reads: ['workflow'],
    find: (evidence) => scriptsOf(evidence).flatMap(find),
  };
}

/** The commands, and what they start. */
function scriptsOf(evidence: Evidence): readonly Script[] {
  const scripts = commandsOf(evidence).flatMap((script) => withInnerScripts(script, evidence.root));
  return [...scripts, ...composeScripts(startedServices(scripts, evidence.root), evidence.root)];
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
