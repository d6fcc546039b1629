import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { continuingSteps, hiddenFailures } from './hidden-failures.js';
import { initScripts, mountedScripts } from './init-scripts.js';
import { repeatedMigrations, tenantFlagValues } from './migrations.js';
import { readWorkflow, type WorkflowFile } from './read-workflow.js';
import type { Script } from './script.js';
import { unknownCommands } from './unknown-commands.js';
import { namelessClients, namelessHealth } from './user-names.js';
import { waitLoops } from './wait-loops.js';

/** Faults of CI workflow files. */
export const ciRules: readonly Rule[] = [
  ofFiles('ci-yaml', unreadable),
  ofScripts('ci-hidden-failures', hiddenFailures),
  ofFiles('ci-continue-on-error', ({ steps }) => continuingSteps(steps)),
  ofScripts('ci-tenant-flag', tenantFlagValues),
  ofFiles('ci-repeated-migrations', (file) =>
    [...jobsOf(file).values()].flatMap((scripts) => repeatedMigrations(scripts)),
  ),
  {
    name: 'ci-unknown-commands',
    reads: ['host'],
    find: (evidence) =>
      unknownCommands(
        evidence,
        workflowsOf(evidence).flatMap(({ steps }) => steps.flatMap(({ scripts }) => scripts)),
      ),
  },
  ofScripts('ci-init-scripts', initScripts),
  ofFiles('ci-mounted-scripts', ({ services }) => services.flatMap(mountedScripts)),
  ofScripts('ci-wait-loops', waitLoops),
  ofScripts('ci-user-names', namelessClients),
  ofFiles('ci-health-user', ({ services }) => services.flatMap(namelessHealth)),
];

/** A file that GitHub refuses whole: what is wrong in it is not seen either. */
function unreadable({ file, fault }: WorkflowFile): Diagnosis[] {
  if (!fault) return [];
  return [
    {
      code: 'DBB1010',
      message: `GitHub runs no job of "${file}": ${fault.message}`,
      place: fault.place,
      subject: { file },
      expected: 'a file that GitHub can read',
      actual: fault.message,
      evidence: [`the text at ${String(fault.place.line)}:${String(fault.place.column)}`],
      help: fault.help,
    },
  ];
}

function ofScripts(name: string, find: (script: Script) => readonly Diagnosis[]): Rule {
  return ofFiles(name, ({ steps }) => steps.flatMap(({ scripts }) => scripts.flatMap(find)));
}

function ofFiles(name: string, find: (file: WorkflowFile) => readonly Diagnosis[]): Rule {
  return {
    name,
    reads: [],
    find: (evidence) => workflowsOf(evidence).flatMap((file) => find(file)),
  };
}

const read = new WeakMap<Evidence, readonly WorkflowFile[]>();

/** The files of an examination, read once for all rules. */
function workflowsOf(evidence: Evidence): readonly WorkflowFile[] {
  const known = read.get(evidence);
  if (known) return known;
  const files = evidence.workflowFiles.map((path) => readWorkflow(path, evidence.root));
  read.set(evidence, files);
  return files;
}

function jobsOf({ steps }: WorkflowFile): ReadonlyMap<string, readonly Script[]> {
  const jobs = new Map<string, Script[]>();
  for (const { job, scripts } of steps) {
    jobs.set(job, [...(jobs.get(job) ?? []), ...scripts]);
  }
  return jobs;
}
