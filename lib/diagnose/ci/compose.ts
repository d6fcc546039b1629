import { dirname, join, relative } from 'node:path';
import { isScalar, type Scalar, type YAMLMap } from 'yaml';
import { composeCallOf, type ComposeCall } from './compose-call.js';
import { withInnerScripts } from './inner-scripts.js';
import type { Script } from './script.js';
import { parseShell, type Word } from './shell.js';
import { readSource } from './sources.js';
import { YamlSource } from './yaml-source.js';

const defaults = ['compose', 'docker-compose'].flatMap((stem) => [`${stem}.yaml`, `${stem}.yml`]);
const overrides = defaults.map((name) => name.replace(/\./, '.override.'));

/** A service of a compose file that a script starts. */
export interface StartedService {
  readonly name: string;
  readonly service: YAMLMap;
  readonly file: YamlSource;
  /** Who starts it. */
  readonly script: Script;
  /** Whether its own command runs, and not one that the script names. */
  readonly withCommand: boolean;
}

/** The services of compose files that scripts start by `docker compose up` or `run`. */
export function startedServices(scripts: readonly Script[], root: string): readonly StartedService[] {
  const found: StartedService[] = [];
  for (const script of scripts)
    for (const command of script.commands) {
      const call = composeCallOf(command);
      if (!call) continue;
      for (const file of filesOf(script, call, root))
        for (const name of startedBy(call, file)) {
          const service = file.mapAt(file.root, 'services', name);
          const isKnown = found.some((each) => each.name === name && each.file.file === file.file);
          const withCommand = !(call.hasCommand && call.services.includes(name));
          if (service && !isKnown) found.push({ name, service, file, script, withCommand });
        }
    }
  return found;
}

/** What started services execute, with what that starts in turn. */
export function composeScripts(started: readonly StartedService[], root: string): readonly Script[] {
  return started
    .flatMap((each) => scriptsOfService(each, root))
    .flatMap((script) => withInnerScripts(script, root));
}

function filesOf(script: Script, { files, directory }: ComposeCall, root: string): readonly YamlSource[] {
  const folder = join(script.folder, directory);
  const named = files.length > 0 ? files.map((file) => join(script.folder, file)) : [];
  const first = defaults.map((name) => join(folder, name)).find((path) => readSource(path, root));
  const second = overrides.map((name) => join(folder, name)).find((path) => readSource(path, root));
  const paths = named.length > 0 ? named : [first, second].flatMap((path) => path ?? []);
  const sources = paths.flatMap((path) => readSource(path, root) ?? []);
  return sources.map(({ file, text }) => new YamlSource(file, text));
}

/** The services that a call starts: those that it names, and those that they need; all where it names none. */
function startedBy({ services, isRun, withNeeds }: ComposeCall, file: YamlSource): readonly string[] {
  const all = file.mapAt(file.root, 'services');
  const names = (all?.items ?? []).map(({ key }) => String(key));
  const isOnDemand = (name: string): boolean => file.has(file.mapAt(all, name), 'profiles');
  const wanted = new Set(services.length > 0 || isRun ? services : names.filter((name) => !isOnDemand(name)));
  if (withNeeds)
    for (const name of wanted) {
      const service = file.mapAt(all, name);
      const needs = file
        .list(service, 'depends_on')
        .map((item) => (isScalar(item) ? String(item.value) : ''));
      for (const need of [...needs, ...file.texts(service, 'depends_on').map(([key]) => key)])
        wanted.add(need);
    }
  return [...wanted];
}

function scriptsOfService(
  { name, service, file, script, withCommand }: StartedService,
  root: string,
): readonly Script[] {
  const entrypoint = wordsOf(service, 'entrypoint', file);
  const command = withCommand ? wordsOf(service, 'command', file) : [];
  // A shell takes the command for its own words; what else comes first reads them, or starts them at its end.
  const isShell = entrypoint.some(({ words }) =>
    words.some(({ text }) => /^(?:\S*\/)?(?:ba|da)?sh$/.test(text)),
  );
  const commands = isShell ? [[...entrypoint, ...command]] : [entrypoint, command];
  const folder = join(root, dirname(file.file));
  const build = file.text(service, 'build') ?? file.text(file.mapAt(service, 'build'), 'context') ?? '.';
  const context = join(folder, build);
  return commands
    .flatMap((parts) => joined(parts) ?? [])
    .map(({ text, words, placeOf }) => ({
      text,
      commands: [
        {
          words: words.map((word) => ({
            ...word,
            text: withoutMount(word.text, service, { file, folder, context }),
          })),
          operator: '',
          keywords: [],
        },
      ],
      subject: { file: file.file, service: name },
      label: `service "${name}" of ${file.file}`,
      folder: context,
      variables: variablesOf(service, file),
      pipefail: false,
      stopsAtErrors: true,
      isTimed: script.isTimed === true,
      placeOf,
    }));
}

type Located = ReturnType<YamlSource['located']>;
interface Command extends Located {
  readonly words: readonly Word[];
}

/** Words of a command, which is one text, or a list of them. Without a shell, "||" is a word like any other. */
function wordsOf(service: YAMLMap, key: string, file: YamlSource): readonly Command[] {
  const whole = file.scalar(service, key);
  if (whole) {
    const located = file.located(whole);
    return [{ ...located, words: parseShell(located.text).flatMap(({ words }) => words) }];
  }
  return file
    .list(service, key)
    .filter((item): item is Scalar => isScalar(item))
    .map((item) => {
      const located = file.located(item);
      return { ...located, words: [{ text: located.text, offset: 0, length: located.text.length }] };
    });
}

function joined(parts: readonly Command[]): Command | undefined {
  const [first] = parts;
  if (!first) return undefined;
  let start = 0;
  const starts = parts.map(({ text }) => {
    const at = start;
    start += text.length + 1;
    return at;
  });
  return {
    text: parts.map(({ text }) => text).join(' '),
    words: parts.flatMap(({ words }, index) =>
      words.map((word) => ({ ...word, offset: word.offset + (starts[index] ?? 0) })),
    ),
    placeOf: (offset, length) => {
      const index = starts.findLastIndex((at) => at <= offset);
      return (parts[index] ?? first).placeOf(offset - (starts[index] ?? 0), length);
    },
  };
}

/** A path inside a container, as that of the repository which is mounted there. */
function withoutMount(
  text: string,
  service: YAMLMap,
  { file, folder, context }: { readonly file: YamlSource; readonly folder: string; readonly context: string },
): string {
  for (const item of file.list(service, 'volumes')) {
    const [source = '', target = ''] = isScalar(item) ? String(item.value).split(':') : [];
    const inside = `${target.replace(/\/$/, '')}/`;
    if (source.startsWith('.') && target.startsWith('/') && text.startsWith(inside))
      return `./${join(relative(context, join(folder, source)), text.slice(inside.length))}`;
  }
  return text;
}

function variablesOf(service: YAMLMap, file: YamlSource): ReadonlySet<string> {
  // Nobody knows what stands in a file of variables.
  const unknown = file.has(service, 'env_file') ? ['PGUSER'] : [];
  return new Set([...environmentOf(service, file).keys(), ...unknown]);
}

/** The variables that a service sets, as a map or as a list. */
export function environmentOf(service: YAMLMap, file: YamlSource): ReadonlyMap<string, string> {
  const listed = file.list(service, 'environment').map((item) => (isScalar(item) ? String(item.value) : ''));
  return new Map([
    ...file.texts(service, 'environment'),
    ...listed.map((text) => [text.replace(/=[^]*/, ''), text.replace(/^[^=]*=?/, '')] as const),
  ]);
}
