import { execFile } from 'node:child_process';
import { BootstrapError } from '../errors/index.js';

/** An interpreter that was started, and what led to it. */
interface Started {
  readonly python: string;
  /** "django.python", "VIRTUAL_ENV", a folder, a tool. */
  readonly from: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The oldest Python whose grammar and library the host needs. */
const oldest = [3, 9] as const;

/** DBB6036 for a version ("3.8.18") that is too old for the host; undefined for any other. */
export function tooOld(version: string, { python, from }: Started): BootstrapError | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined;
  return new BootstrapError({
    code: 'DBB6036',
    message: `${python} is Python ${version}, and db-bootstrap needs ${oldest.join('.')} or newer`,
    notes: [{ label: 'found by', text: from }],
    help:
      from === 'django.python'
        ? 'name a newer interpreter in "django.python"'
        : 'make the virtual environment with a newer Python, or name one in "django.python"',
  });
}

/** Why a process that ended before it greeted was no host: what was started is no Python, or too old a one; undefined otherwise. */
export async function interpreterFault(started: Started): Promise<BootstrapError | undefined> {
  const said = await versionOf(started);
  const version = /^Python (\d+\.\d+\S*)/m.exec(said)?.[1];
  if (version !== undefined) return tooOld(version, started);
  const { python, from } = started;
  const output = said.split('\n').slice(0, 5).join('\n');
  return new BootstrapError({
    code: 'DBB6001',
    message:
      from === 'django.python'
        ? `"django.python" names ${python}, which is not a Python interpreter`
        : `${python} is not a Python interpreter that works`,
    notes: [
      ...(from === 'django.python' ? [] : [{ label: 'found by', text: from }]),
      { label: 'tried', text: `${python} --version` },
    ],
    help:
      from === 'django.python'
        ? 'correct "django.python", or remove it: virtual environments are found by themselves'
        : 'make the virtual environment anew, or name an interpreter in "django.python"',
    ...(output === '' ? {} : { output }),
  });
}

/** All that a program says to `--version`; Python 2 said it on stderr. */
function versionOf({ python, directory, env }: Started): Promise<string> {
  return new Promise((done) => {
    execFile(python, ['--version'], { cwd: directory, env, timeout: 10_000 }, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim();
      done(said === '' && error ? error.message : said);
    });
  });
}
