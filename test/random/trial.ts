import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { bootstrap } from '../support/command.js';
import { pictureOf } from '../support/fleet.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, query, testServer } from '../support/postgres.js';
import { HistoryBuilder } from './history.js';
import { schemaNames, writeRandomProject } from './project.js';
import type { pythonSets } from '../support/python.js';

const run = promisify(execFile);

/** What a random project is made from. */
export interface Choices {
  readonly length: number;
  readonly numbers: readonly number[];
  /** How many migrations each tenant has, as a part of the whole. */
  readonly parts: readonly number[];
}

/** "same", or what was not the same; "invalid" where Django itself cannot migrate what was made up. */
export type Verdict = 'same' | 'invalid' | { readonly folder: string; readonly difference: string };

/** Migrates one copy of a fleet by django-tenants itself and one by db-bootstrap, and compares all that the databases hold. */
export async function compareFleets(
  choices: Choices,
  set: keyof typeof pythonSets,
  python: string,
): Promise<Verdict> {
  const project = makeFolder();
  const history = new HistoryBuilder(choices.numbers, set).build(choices.length);
  const tenants = choices.parts.map((part, index) => ({
    schema: schemaNames[index] ?? `t${String(index)}`,
    migrations: Math.floor(part * history.migrations.length),
  }));
  writeRandomProject(project.folder, history, tenants);
  const [theirs, ours] = [await createTestDatabase(), await createTestDatabase()];
  const environment = (url: string): NodeJS.ProcessEnv => ({
    ...process.env,
    DATABASE_URL: url,
    PYTHONDONTWRITEBYTECODE: '1',
  });
  const django = (script: string, ...args: string[]): Promise<unknown> =>
    run(python, [script, ...args], { cwd: project.folder, env: environment(theirs.url) });
  let verdict: Verdict | undefined;
  try {
    try {
      await django('build.py');
      await query((await testServer()).url, `drop database "${ours.name}"`);
      await query((await testServer()).url, `create database "${ours.name}" template "${theirs.name}"`);
      await django('manage.py', 'migrate_schemas', '--tenant', '--noinput');
    } catch (error) {
      if (process.env.FLEET_VERBOSE)
        process.stderr.write(`${String((error as { stderr?: string }).stderr)}\n`);
      return (verdict = 'invalid');
    }
    const { code, stdout, stderr } = await bootstrap(
      [
        'run',
        '--only',
        'wait,tenant-migrations',
        '--set',
        `django.python=${python}`,
        '--reporter',
        'append-only',
      ],
      { cwd: project.folder, env: { DATABASE_URL: ours.url } },
    );
    const [wanted, got] = [await pictureOf(theirs.url), await pictureOf(ours.url)];
    if (code === 0 && wanted === got) return (verdict = 'same');
    const difference = code === 0 ? firstDifference(wanted, got) : stdout + stderr;
    return (verdict = { folder: project.folder, difference });
  } finally {
    await theirs.drop();
    await ours.drop();
    if (verdict === 'same' || verdict === 'invalid') rmSync(project.folder, { recursive: true, force: true });
  }
}

function firstDifference(wanted: string, got: string): string {
  const [left, right] = [wanted.split('\n'), got.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, at - 6), at + 6).join('\n');
  return `django-tenants:\n${around(left)}\n\ndb-bootstrap:\n${around(right)}`;
}
