import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { Command } from '../support/command.js';
import { makeFolder } from '../support/folder.js';
import { createTestDatabase, type TestServer } from '../support/postgres.js';
import type { pythonSets } from '../support/python.js';
import { letDecide, type Decider } from './deciders.js';
import { HistoryBuilder, type History } from './history.js';
import { schemaNames, writeRandomProject, type RandomTenant } from './project.js';

const run = promisify(execFile);

/** What a random project is made from. */
export interface Choices {
  readonly length: number;
  readonly numbers: readonly number[];
  /** How many migrations each tenant has, as a part of the whole. */
  readonly parts: readonly number[];
  /** What each tenant has lost of the rows that Django's post_migrate had added. */
  readonly lost: readonly RandomTenant['lost'][];
  /** What of the project decides by tenant. */
  readonly decider?: Decider | undefined;
}

/** For tenants, in their order. */
export const lostRows: fc.Arbitrary<Choices['lost']> = fc.array(
  fc.constantFrom('nothing', 'nothing', 'nothing', 'permissions', 'content types'),
  { minLength: 5, maxLength: 5 },
);

/** Where a project is tried. */
export interface Place {
  readonly set: keyof typeof pythonSets;
  readonly python: string;
  /** Absent: the server that all tests share. */
  readonly server?: TestServer;
}

/** A random project, and two equal databases that hold its fleet as it was before the release. */
export interface Copies {
  readonly folder: string;
  readonly history: History;
  readonly tenants: readonly RandomTenant[];
  readonly schemas: readonly string[];
  /** URLs: what is migrated by django-tenants itself, and what by db-bootstrap. */
  readonly theirs: string;
  readonly ours: string;
  /** A database like `theirs`, for as long as the copies are there. */
  copyOfTheirs(): Promise<string>;
  /** Runs a script of the project, on `theirs` where nothing else is said; false where Django refused to do it. */
  django(args: readonly string[], url?: string): Promise<boolean>;
  /** Starts db-bootstrap, which migrates the tenants of `ours`. */
  bootstrap(...args: string[]): Command;
  /** Drops the databases; and removes the project, unless somebody wants to look at it. */
  close(keepsFolder: boolean): Promise<void>;
}

/** Half of the projects listen to a signal: then Django does all of it, or its handlers are asked in every tenant. */
const listenedTo = [undefined, 'pre_migrate', undefined, 'post_migrate'] as const;

/** Makes up a project and its fleet; undefined where Django itself cannot migrate what was made up. */
export async function openCopies(
  choices: Choices,
  { set, python, server }: Place,
): Promise<Copies | undefined> {
  const project = makeFolder();
  const { folder } = project;
  const history = new HistoryBuilder(choices.numbers, set).build(choices.length);
  const tenants = choices.parts.map((part, index) => ({
    schema: schemaNames[index] ?? `t${String(index)}`,
    migrations: Math.floor(part * history.migrations.length),
    whole: choices.length % 2 === 0,
    lost: choices.lost[index] ?? 'nothing',
  }));
  writeRandomProject(folder, history, tenants, listenedTo[choices.numbers.length % listenedTo.length]);
  if (choices.decider) letDecide(folder, choices.decider);
  const databases: Awaited<ReturnType<typeof createTestDatabase>>[] = [];
  const newDatabase = async (template?: string): Promise<(typeof databases)[number]> => {
    const made = await createTestDatabase({
      ...(server ? { server } : {}),
      ...(template === undefined ? {} : { template }),
    });
    databases.push(made);
    return made;
  };
  const close = async (keepsFolder: boolean): Promise<void> => {
    for (const database of databases) await database.drop();
    if (!keepsFolder) project.remove();
  };
  const theirs = await newDatabase();
  const django: Copies['django'] = async (args, url = theirs.url) => {
    const env = { ...process.env, DATABASE_URL: url, PYTHONDONTWRITEBYTECODE: '1' };
    try {
      await run(python, args, { cwd: folder, env });
      return true;
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      if (process.env.FLEET_VERBOSE) process.stderr.write(`${String(stderr)}\n`);
      return false;
    }
  };
  if (!(await django(['build.py']))) {
    await close(false);
    return undefined;
  }
  const ours = await newDatabase(theirs.name);
  return {
    folder,
    history,
    tenants,
    schemas: tenants.map(({ schema }) => schema),
    theirs: theirs.url,
    ours: ours.url,
    copyOfTheirs: async () => (await newDatabase(theirs.name)).url,
    django,
    bootstrap: (...args) =>
      new Command(['run', '--set', `django.python=${python}`, ...args], {
        cwd: folder,
        env: { DATABASE_URL: ours.url },
      }),
    close,
  };
}
