import { programOf } from './script.js';
import type { ShellCommand } from './shell.js';

/** `docker compose -f FILE up web`, in its parts. */
export interface ComposeCall {
  readonly files: readonly string[];
  readonly directory: string;
  readonly isRun: boolean;
  /** The services that it names. */
  readonly services: readonly string[];
  /** Whether it names a command for the one that it runs. */
  readonly hasCommand: boolean;
  readonly withNeeds: boolean;
}

/** Flags of compose with a value, and those of `up` and `run`. */
const ofCompose = /^(?:-p|--project-name|--profile|--env-file|--ansi|--parallel|--progress)$/;
const ofService =
  /^(?:-t|--timeout|--wait-timeout|--scale|--exit-code-from|--attach|--no-attach|--pull|-e|--env|-v|--volume|-u|--user|-w|--workdir|--name|-p|--publish|--entrypoint|-l|--label)$/;

/** What a command asks of docker compose, where it starts services. */
export function composeCallOf(command: ShellCommand): ComposeCall | undefined {
  const program = programOf(command);
  if (!/^(?:docker|podman)(?:-compose)?$/.test(program)) return undefined;
  const texts = command.words.map(({ text }) => text);
  let at = texts.findIndex((text) => text.endsWith(program)) + 1;
  if (!program.endsWith('-compose') && texts[at++] !== 'compose') return undefined;
  const files: string[] = [];
  let directory = '.';
  for (; texts[at]?.startsWith('-') === true; at++) {
    const [flag = '', glued] = (texts[at] ?? '').split(/=([^]*)/, 2);
    if (/^(?:-f|--file)$/.test(flag)) files.push(glued ?? texts[++at] ?? '');
    else if (flag === '--project-directory') directory = glued ?? texts[++at] ?? '.';
    else if (glued === undefined && ofCompose.test(flag)) at++;
  }
  const verb = texts[at++] ?? '';
  if (!['up', 'run', 'start'].includes(verb)) return undefined;
  const services: string[] = [];
  const flags: string[] = [];
  for (; at < texts.length; at++) {
    const text = texts[at] ?? '';
    if (verb === 'run' && services.length > 0) break;
    if (!text.startsWith('-')) {
      if (!/^[<>&\d]/.test(text)) services.push(text);
    } else {
      flags.push(text);
      if (ofService.test(text)) at++;
    }
  }
  const hasCommand = verb === 'run' && at < texts.length;
  return {
    files,
    directory,
    isRun: verb === 'run',
    services,
    hasCommand,
    withNeeds: !flags.includes('--no-deps'),
  };
}
