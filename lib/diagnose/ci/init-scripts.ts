import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileText } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import { databaseWork, programOf, type Script } from './script.js';
import type { ShellCommand, Word } from './shell.js';
import type { Service } from './read-workflow.js';

/** `psql -f` that goes on after errors, and loops that take only some of the files that the official image would run. */
export function initScripts(script: Script): Diagnosis[] {
  return [...withoutStop(script), ...onlySql(script)];
}

function withoutStop(script: Script): Diagnosis[] {
  return script.commands.flatMap((command, index) => {
    const texts = command.words.map(({ text }) => text);
    if (databaseWork(command) !== 'psql') return [];
    const readsFile =
      texts.some((text) => /^(?:-[1aAbeEnqtxX]*f.*|--file(?:=.*)?|<.*)$/.test(text)) ||
      (!texts.some((text) =>
        /^(?:-[1aAbeEnqtxX]*[clV].*|--(?:command|list|version|help)(?:=.*)?)$/.test(text),
      ) &&
        (command.heredoc !== undefined || script.commands[index - 1]?.operator === '|'));
    const stops = texts.some((text) => /ON_ERROR_STOP(?:=(?:1|on|true|yes))?$/i.test(text));
    if (!readsFile || stops || script.variables.has('PSQLRC') || stopsItself(script, command)) return [];
    const word = command.words.find(({ text }) => text === 'psql') ?? command.words[0];
    return [
      {
        code: 'DBB5031',
        severity: 'warning',
        message: `psql in ${script.label} goes on after SQL errors, and ends with success`,
        place: script.placeOf(word?.offset ?? 0, word?.length ?? 1),
        subject: { ...script.subject, command: 'psql' },
        expected: 'psql -v ON_ERROR_STOP=1, as the official image runs it',
        actual: texts.join(' '),
        evidence: [
          'without ON_ERROR_STOP, psql ends with 0 whatever failed in a file or in its standard input',
        ],
        help: 'add "-v ON_ERROR_STOP=1", or leave the files to the task "init"',
      } satisfies Diagnosis,
    ];
  });
}

/** Whether what psql reads says itself that it stops at errors, before it does anything else. */
function stopsItself(script: Script, { words, heredoc }: ShellCommand): boolean {
  const files = words.flatMap(({ text }, index) => {
    const [, glued] = /^(?:-f|--file=|<)(.+)$/.exec(text) ?? [];
    return glued ?? (/^(?:-[1aAbeEnqtxX]*f|--file|<)$/.test(text) ? (words[index + 1]?.text ?? []) : []);
  });
  const read = [
    ...files.map((file) => fileText(join(script.folder, file))),
    ...(heredoc === undefined ? [] : [heredoc]),
  ];
  return (
    read.length > 0 &&
    read.every((text) =>
      /^(?:\s|--.*\n|\\(?!set\s+ON_ERROR)\w.*\n)*\\set\s+ON_ERROR_STOP\s+(?:1|on|true|yes)\b/i.test(
        text ?? '',
      ),
    )
  );
}

function onlySql(script: Script): Diagnosis[] {
  return script.commands.flatMap((command, index) => {
    const fed = command.operator === '|' ? script.commands[index + 1] : undefined;
    const isLoop = command.keywords.some(({ text }) => text === 'for');
    if (!isLoop && !(fed && ['psql', 'while', 'xargs', 'sort'].some((name) => startsWith(fed, name))))
      return [];
    return foldersOf(command).flatMap(({ folder, word }): Diagnosis[] => {
      const left = filesOf(join(script.folder, folder)).filter(
        (name) =>
          /\.(?:sh|sql\.(?:gz|xz|zst))$/.test(name) &&
          // What another pattern names is run there.
          !script.text.includes(`${folder}/*${name.slice(name.search(/\.(?:sh|sql\.\w+)$/))}`),
      );
      if (left.length === 0) return [];
      return [
        {
          code: 'DBB5032',
          message: `${script.label} runs only the *.sql files of "${folder}": ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} never run`,
          place: script.placeOf(word.offset, word.length),
          subject: { ...script.subject, folder, files: left.join(', ') },
          expected:
            'every file that the official image would run: *.sh, *.sql, *.sql.gz, *.sql.xz, *.sql.zst',
          actual: command.words.map(({ text }) => text).join(' '),
          evidence: left.map((name) => `not run: ${folder}/${name}`),
          help: `leave the folder to the task "init": { directory: ${folder} }`,
        },
      ];
    });
  });
}

function startsWith({ words, keywords }: ShellCommand, name: string): boolean {
  return [...keywords, ...words].some(({ text }) => text === name);
}

/** The folders of which a command names all *.sql files: by a pattern, or by `find`. */
function foldersOf(command: ShellCommand): readonly { readonly folder: string; readonly word: Word }[] {
  const [, start, ...rest] = command.words;
  if (programOf(command) === 'find' && start && rest.some(({ text }) => text === '*.sql'))
    return [{ folder: start.text.replace(/\/$/, ''), word: start }];
  return command.words.flatMap((word) => {
    const folder = /^(?:[^]*[\s(])?([^\s(]+)\/\*\.sql(?![\w.*])/.exec(word.text)?.[1];
    return folder === undefined ? [] : [{ folder, word }];
  });
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Init scripts mounted into a service container, which starts before the repository is checked out. */
export function mountedScripts(service: Service): Diagnosis[] {
  const mounts = service.volumes.filter(({ text }) => /:\/docker-entrypoint-initdb\.d/.test(text));
  const options = service.options;
  if (options && /(?:-v|--volume|--mount)[ =]\S*docker-entrypoint-initdb\.d/.test(options.text))
    mounts.push(options);
  return mounts.map(({ text, place }) => ({
    code: 'DBB5033',
    message: `the init scripts that service "${service.name}" mounts are never run: the service starts before the repository is checked out`,
    place,
    subject: { file: place.file, job: service.job, service: service.name },
    expected: 'init scripts that run after the checkout',
    actual: text.trim(),
    evidence: ['the folder is empty when the container starts, and the image looks at it only once'],
    help: 'remove the mount, and run the scripts by the task "init" after the checkout',
  }));
}
