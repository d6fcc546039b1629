import { join } from 'node:path';
import { recipesOf } from './makefile.js';
import { scriptOf, type Script } from './script.js';
import type { ShellCommand } from './shell.js';
import { placesIn, readSource, type Source } from './sources.js';

const names = ['GNUmakefile', 'makefile', 'Makefile'];
const itself = new Set(['make', 'gmake', '$(MAKE)', '${MAKE}']);

/** What `make` runs, file by file: each line of a recipe ends it at a failure, unless a "-" stands before it. */
export function makeTargets(script: Script, command: ShellCommand, root: string): readonly Script[] {
  const texts = command.words.map(({ text }) => text);
  const at = texts.findIndex((text) => itself.has(text));
  if (at < 0 || texts.slice(0, at).some((text) => !/^(?:\w+=.*|sudo|env|time|exec|-E)$/.test(text)))
    return [];
  const { directory, file, targets } = argumentsOf(texts.slice(at + 1));
  const folder = join(script.folder, directory);
  const sources = withIncluded(folder, file === undefined ? names : [file], root);
  const values = new Map([...(script.values ?? []), ...sources.flatMap(({ text }) => variablesOf(text))]);
  return recipesOf(
    sources.map(({ text }) => text),
    targets,
  ).flatMap((recipes, index) => {
    const source = sources[index];
    if (!source || recipes.text.trim() === '') return [];
    return [
      scriptOf({
        ...recipes,
        values,
        subject: { file: source.file },
        label: source.file,
        folder,
        variables: script.variables,
        pipefail: false,
        stopsAtErrors: true,
        isTimed: script.isTimed === true,
        placeOf: placesIn(source),
      }),
    ];
  });
}

function argumentsOf(texts: readonly string[]): {
  readonly directory: string;
  readonly file?: string;
  readonly targets: readonly string[];
} {
  let directory = '.';
  let file: string | undefined;
  const targets: string[] = [];
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] ?? '';
    const next = texts[index + 1] ?? '';
    if (/^(?:-C|--directory)$/.test(text)) directory = (index++, next);
    else if (/^(?:-f|--file|--makefile)$/.test(text)) file = (index++, next);
    else if (/^--directory=|^-C./.test(text)) directory = text.replace(/^--directory=|^-C/, '');
    else if (/^--(?:make)?file=/.test(text)) file = text.replace(/^[^=]*=/, '');
    else if (/^[\w.][\w./-]*$/.test(text)) targets.push(text);
  }
  return { directory, targets, ...(file === undefined ? {} : { file }) };
}

/** The first of some makefiles that is there, and those that it includes, at whatever depth. */
function withIncluded(folder: string, candidates: readonly string[], root: string): readonly Source[] {
  const found: Source[] = [];
  const follow = (name: string): boolean => {
    const source = readSource(join(folder, name), root);
    if (!source || found.some(({ file }) => file === source.file)) return source !== undefined;
    found.push(source);
    for (const [, included = ''] of source.text.matchAll(/^ *(?:-include|sinclude|include)[ \t]+([^#\n]+)/gm))
      for (const each of included.trim().split(/\s+/)) if (!each.includes('$')) follow(each);
    return true;
  };
  candidates.some(follow);
  return found;
}

function variablesOf(makefile: string): readonly (readonly [string, string])[] {
  const lines = makefile.matchAll(/^ *(?:export +)?(\w+) *(?:::?|\?)?= *([^#\n]*)/gm);
  return [...lines].map(([, name = '', value = '']) => [name, value.trim()] as const);
}
