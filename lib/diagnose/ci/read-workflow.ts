import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isScalar, type YAMLMap } from 'yaml';
import type { Place } from '../../errors/index.js';
import { composeService } from './compose-health.js';
import { composeScripts, startedServices } from './compose.js';
import { withInnerScripts } from './inner-scripts.js';
import { scriptOf, setsPipefail, type Script } from './script.js';
import { YamlSource } from './yaml-source.js';

/** A step of a job that runs commands. */
export interface Step {
  readonly job: string;
  readonly script: Script;
  /** Its script, and those that it starts; none where its shell is not POSIX. */
  readonly scripts: readonly Script[];
  /** What lets it, or its job, fail without a word: nothing, where a later step asks for its outcome. */
  readonly continues?: Continues;
  /** Its `working-directory`, or that of its job. */
  readonly directory?: string;
  /** Its shell, where that is not POSIX. */
  readonly foreignShell?: string;
  /** Values of its own `env`, and of that of its job and its file. */
  readonly env: ReadonlyMap<string, string>;
}

/** `continue-on-error`: where it stands, and its expression where it is not simply true. */
interface Continues {
  readonly place: Place;
  readonly condition?: string;
  readonly ofJob: boolean;
}

/** A service container of a job. */
export interface Service {
  readonly name: string;
  readonly job: string;
  readonly image: string;
  readonly env: ReadonlyMap<string, string>;
  /** The command that says whether it is healthy, and where it is written: as an option or as `healthcheck`. */
  readonly health?: {
    readonly text: string;
    readonly place: Place;
    readonly as: '--health-cmd' | 'healthcheck';
  };
  /** The text of `options`. */
  readonly options?: { readonly text: string; readonly place: Place };
  readonly volumes: readonly { readonly text: string; readonly place: Place }[];
}

/** What of a GitHub Actions workflow file concerns the database. */
export interface WorkflowFile {
  readonly file: string;
  /** Those of the actions and workflows of the repository that it uses stand behind its own. */
  readonly steps: readonly Step[];
  readonly services: readonly Service[];
  /** Why GitHub runs no job of it, and where; what could be read of it may be less than there is. */
  readonly fault?: { readonly message: string; readonly place: Place; readonly help: string };
}

/** Reads a workflow file; places are relative to `root`. */
export function readWorkflow(path: string, root: string): WorkflowFile {
  return readFile(path, root, new Set(), []);
}

function faultOf(yaml: YamlSource): WorkflowFile['fault'] {
  if (yaml.fault) {
    const help = 'put the value in quotes, or behind "run: |" on lines of its own';
    return { message: `it is not valid YAML: ${yaml.fault.message}`, place: yaml.fault.place, help };
  }
  if (jobsOf(yaml).length > 0) return undefined;
  const place = { file: yaml.file, line: 1, column: 1 };
  return { message: 'it has no jobs', place, help: 'add "jobs" with at least one job, or remove the file' };
}

type Variables = readonly (readonly [string, string])[];

/** `inherited` are variables of who uses it. */
function readFile(path: string, root: string, known: Set<string>, inherited: Variables): WorkflowFile {
  known.add(path);
  const file = relative(root, path);
  const yaml = new YamlSource(file, readFileSync(path, 'utf8'));
  const own = jobsOf(yaml).flatMap((job) => stepsOf(job, yaml, { root, inherited }));
  const started = own.map(({ scripts }) => startedServices(scripts, root));
  const steps: Step[] = own.map((step, index) => ({
    ...step,
    scripts: [...step.scripts, ...composeScripts(started[index] ?? [], root)],
  }));
  const services = [
    ...jobsOf(yaml).flatMap((job) => servicesOf(job, yaml)),
    ...own.flatMap(({ job }, index) => (started[index] ?? []).map((each) => composeService(each, job))),
  ];
  for (const { called, env } of calledOf(yaml, root)) {
    if (known.has(called)) continue;
    const read = readFile(called, root, known, [...inherited, ...env]);
    steps.push(...read.steps);
    services.push(...read.services);
  }
  const fault = faultOf(yaml);
  return { file, steps, services, ...(fault ? { fault } : {}) };
}

/** A job of a workflow, or the one list of steps of an action. */
interface Job {
  readonly name: string;
  readonly body: YAMLMap;
  readonly isAction: boolean;
}

function jobsOf(yaml: YamlSource): readonly Job[] {
  const runs = yaml.mapAt(yaml.root, 'runs');
  if (runs) return [{ name: yaml.file, body: runs, isAction: true }];
  return (yaml.mapAt(yaml.root, 'jobs')?.items ?? []).flatMap(({ key, value }) => {
    const body = yaml.map(value);
    return body ? [{ name: String(key), body, isAction: false }] : [];
  });
}

/** The files of the actions and of the workflows of the repository that it uses, with the variables that an action finds. */
function calledOf(
  yaml: YamlSource,
  root: string,
): readonly { readonly called: string; readonly env: Variables }[] {
  return jobsOf(yaml).flatMap(({ body }) => {
    const uses = [
      // A workflow that is called has an environment of its own.
      { name: yaml.text(body, 'uses'), env: [] },
      ...yaml.list(body, 'steps').map((item) => ({
        name: yaml.text(yaml.map(item), 'uses'),
        env: [...environmentOf(body, yaml), ...yaml.texts(yaml.map(item), 'env')],
      })),
    ];
    return uses.flatMap(({ name, env }) => {
      if (name?.startsWith('./') !== true) return [];
      const paths = [name, `${name}/action.yml`, `${name}/action.yaml`].map((path) => join(root, path));
      const called = paths.find((path) => /\.ya?ml$/.test(path) && existsSync(path));
      return called === undefined ? [] : [{ called, env }];
    });
  });
}

/** Variables of a job: of its file, its own, and those of its container. */
function environmentOf(body: YAMLMap, yaml: YamlSource): Variables {
  return [
    ...yaml.texts(yaml.root, 'env'),
    ...yaml.texts(body, 'env'),
    ...yaml.texts(yaml.mapAt(body, 'container'), 'env'),
  ];
}

function stepsOf(
  { name: job, body, isAction }: Job,
  yaml: YamlSource,
  { root, inherited }: { readonly root: string; readonly inherited: Variables },
): Step[] {
  const defaults = [yaml.mapAt(body, 'defaults', 'run'), yaml.mapAt(yaml.root, 'defaults', 'run')];
  const setting = (step: YAMLMap, key: string): string | undefined =>
    [step, ...defaults].map((map) => yaml.text(map, key)).find((value) => value !== undefined);
  const outer = [...inherited, ...environmentOf(body, yaml)];
  const exported = new Set<string>();
  return yaml.list(body, 'steps').flatMap((item, index): Step[] => {
    const step = yaml.map(item);
    const run = yaml.scalar(step, 'run');
    if (!step || !run || typeof run.value !== 'string') return [];
    const name = yaml.text(step, 'name') ?? `step ${String(index + 1)}`;
    const { text, placeOf } = yaml.located(run);
    const directory = setting(step, 'working-directory');
    const shell = setting(step, 'shell') ?? (onWindows(body, yaml) ? 'pwsh' : undefined);
    const id = yaml.text(step, 'id');
    const continues =
      (id !== undefined && yaml.includes(`steps.${id}.outcome`)
        ? undefined
        : continuesOf(step, yaml, false)) ?? continuesOf(body, yaml, true);
    const env = new Map([...outer, ...yaml.texts(step, 'env')]);
    const script = scriptOf({
      text,
      placeOf,
      subject: isAction ? { file: yaml.file, step: name } : { file: yaml.file, job, step: name },
      label: isAction ? `step "${name}" of ${yaml.file}` : `step "${name}" of job "${job}"`,
      folder: join(root, directory === undefined || directory.includes('$') ? '.' : directory),
      variables: new Set([...env.keys(), ...exported]),
      // GitHub's own shell stops at errors but not in pipelines; named as "bash" it has pipefail.
      pipefail: shell === 'bash' || /\bpipefail\b/.test(shell ?? '') || setsPipefail(text),
      isTimed: step.has('timeout-minutes'),
      isAftermath: /\b(?:failure|always|cancelled)\(\)/.test(yaml.text(step, 'if') ?? ''),
      values: env,
      stopsAtErrors: shell === undefined || !shell.includes('{0}') || /\s-[a-z]*e/.test(shell),
    });
    for (const [, variable = ''] of text.matchAll(/(\w+)=[^\n]*>>\s*"?\$\{?GITHUB_ENV\b/g))
      exported.add(variable);
    const isForeign = shell !== undefined && !/^(?:\S*\/)?(?:ba|da|z|a)?sh\b/.test(shell);
    return [
      {
        job,
        script,
        env,
        scripts: isForeign ? [] : withInnerScripts(script, root),
        ...(continues ? { continues } : {}),
        ...(directory === undefined ? {} : { directory }),
        ...(isForeign ? { foreignShell: shell } : {}),
      },
    ];
  });
}

function onWindows(body: YAMLMap, yaml: YamlSource): boolean {
  return /^windows\b/.test(yaml.text(body, 'runs-on') ?? '');
}

function continuesOf(map: YAMLMap, yaml: YamlSource, ofJob: boolean): Continues | undefined {
  const node = yaml.scalar(map, 'continue-on-error');
  if (!node) return undefined;
  const text = String(node.value).trim();
  const expression = /^\$\{\{([^]*)\}\}$/.exec(text)?.[1]?.trim() ?? text;
  if (expression === 'false' || expression === '') return undefined;
  const place = yaml.placeOf(node);
  return expression === 'true' ? { place, ofJob } : { place, condition: text, ofJob };
}

function servicesOf({ name: job, body }: Job, yaml: YamlSource): Service[] {
  return (yaml.mapAt(body, 'services')?.items ?? []).flatMap(({ key, value }) => {
    const service = yaml.map(value);
    if (!service) return [];
    const options = yaml.scalar(service, 'options');
    return [
      {
        name: String(key),
        job,
        image: yaml.text(service, 'image') ?? '',
        env: new Map(yaml.texts(service, 'env')),
        ...(options ? optionsOf(String(options.value), yaml.placeOf(options)) : {}),
        volumes: yaml
          .list(service, 'volumes')
          .flatMap((item) =>
            isScalar(item) ? [{ text: String(item.value), place: yaml.placeOf(item) }] : [],
          ),
      },
    ];
  });
}

function optionsOf(text: string, place: Place): Pick<Service, 'options' | 'health'> {
  const health = /--health-cmd[ =](?:"([^"]*)"|'([^']*)'|(\S+))/.exec(text);
  const command = health?.[1] ?? health?.[2] ?? health?.[3];
  return {
    options: { text, place },
    ...(command === undefined ? {} : { health: { text: command, place, as: '--health-cmd' } }),
  };
}
