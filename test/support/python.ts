import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Sets of Python packages that the tests run against, oldest and newest. */
export const pythonSets = {
  old: ['Django==4.2.7', 'django-tenants==3.5.0', 'psycopg2-binary==2.9.9'],
  new: ['django-tenants', 'psycopg[binary]'],
} as const;

/** The folder of a virtual environment with the packages of a set; made once and kept in node_modules/.cache. */
export function virtualEnv(set: keyof typeof pythonSets): Promise<string> {
  return virtualEnvWith(set, pythonSets[set]);
}

/** The same with packages of a test's own. */
export async function virtualEnvWith(name: string, packages: readonly string[]): Promise<string> {
  const key = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(process.cwd(), 'node_modules/.cache/db-bootstrap-venvs', `${name}-${key}`);
  if (existsSync(join(folder, 'ready'))) return folder;
  const lock = `${folder}.lock`;
  mkdirSync(join(folder, '..'), { recursive: true });
  // Two test processes may want the same environment: the one that makes the lock folder builds it.
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (existsSync(join(folder, 'ready'))) return folder;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    // It may have become ready between the last look and the lock.
    if (existsSync(join(folder, 'ready'))) return folder;
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...packages], {
      maxBuffer: 1 << 26,
    });
    writeFileSync(join(folder, 'ready.tmp'), '');
    renameSync(join(folder, 'ready.tmp'), join(folder, 'ready'));
    return folder;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The interpreter of a virtual environment. */
export async function pythonOf(set: keyof typeof pythonSets): Promise<string> {
  return join(await virtualEnv(set), 'bin/python');
}
