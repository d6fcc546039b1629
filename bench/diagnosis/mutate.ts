import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyExample } from '../../test/support/command.js';
import { createTestDatabase, query, stopTestServer } from '../../test/support/postgres.js';
import { virtualEnv } from '../../test/support/python.js';
import { inCalled } from './in-called.js';
import { inCatalog } from './in-catalog.js';
import { inConfig } from './in-config.js';
import { inDatabase } from './in-database.js';
import { inProject } from './in-project.js';
import { inScripts } from './in-scripts.js';
import { inSettings } from './in-settings.js';
import { inWorkflow } from './in-workflow.js';
import { pickerOf, Project, type Mutation, type Pick } from './mutation.js';

// Takes the healthy example, applies one fault at a time, and counts how many `doctor`, else `check`, else `run` names with the right
// code and subject: `npm run mutate:diagnosis -- [SEED] [part of a name]`. The misses are written into docs/diagnosis.md.
const seed = Number(process.argv[2] ?? 1);
const only = process.argv[3] ?? '';
const bin = join(process.cwd(), 'dist/bin/db-bootstrap.js');
const docs = 'docs/diagnosis.md';
const [begin, end] = ['<!-- mutations: begin -->', '<!-- mutations: end -->'];

interface Told {
  readonly code: string;
  readonly message: string;
  readonly subject?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly mutation: Mutation;
  /** The command that named the fault; undefined where none did. */
  readonly by?: string;
  readonly told: readonly string[];
  readonly passed: boolean;
  readonly fault: boolean;
}

const commands: readonly {
  readonly name: string;
  readonly args: readonly string[];
  told(stdout: string): readonly Told[];
}[] = [
  {
    name: 'doctor',
    args: ['doctor', '--json'],
    told: (stdout) => (JSON.parse(stdout) as { findings: Told[] }).findings,
  },
  {
    name: 'check',
    args: ['check', '--json'],
    told: (stdout) =>
      (JSON.parse(stdout) as { checks: { findings: Told[] }[] }).checks.flatMap(({ findings }) => findings),
  },
  {
    name: 'run',
    args: ['run', '--skip', 'venv', '--reporter', 'ndjson'],
    told: (stdout) => {
      const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}') as {
        problems?: Told[];
        tasks?: { problems?: Told[] }[];
      };
      return [...(last.problems ?? []), ...(last.tasks ?? []).flatMap(({ problems = [] }) => problems)];
    },
  },
];

const python = await virtualEnv('old');
const base = await createTestDatabase();
const healthy = copyExample('django-tenants', python);
const outcomes: Outcome[] = [];
try {
  execute(['run', '--skip', 'venv'], healthy.folder, base.url, 0);
  const mutations = [
    ...inSettings,
    ...inProject,
    ...inConfig,
    ...inDatabase,
    ...inCatalog,
    ...inWorkflow,
    ...inScripts,
    ...inCalled,
  ].filter(({ name }) => name.includes(only));
  for (const [index, mutation] of mutations.entries()) {
    const outcome = await tryOut(mutation, pickerOf(seed * 1000 + index));
    outcomes.push(outcome);
    const { by, told, passed, fault } = outcome;
    const verdict = by ?? (fault ? 'FAULT OF OURS' : passed ? 'PASSED AS SUCCESS' : 'MISSED');
    process.stdout.write(
      `${verdict.padEnd(18)} ${mutation.kind}: ${mutation.name} (${told.join(' ') || 'nothing told'})\n`,
    );
  }
} finally {
  await base.drop();
  await stopTestServer();
  healthy.remove();
}
const missed = outcomes.filter(({ by, fault }) => by === undefined || fault);
process.stdout.write(
  `\n${String(outcomes.length - missed.length)} of ${String(outcomes.length)} faults named with the right code and subject (seed ${String(seed)})\n`,
);
if (only === '') writeTable();
if (missed.length > outcomes.length / 10 || outcomes.some(({ passed, fault }) => passed || fault))
  process.exitCode = 1;

async function tryOut(mutation: Mutation, pick: Pick): Promise<Outcome> {
  const project = copyExample('django-tenants', python);
  const name = `mutated_${base.name}`;
  await query(base.url.replace(base.name, 'postgres'), `create database ${name} template ${base.name}`);
  const url = base.url.replace(base.name, name);
  const told: string[] = [];
  let passed = true;
  let fault = false;
  try {
    for (const statement of mutation.make(new Project(project.folder), pick) ?? [])
      await query(url, statement);
    for (const command of commands) {
      const ended = execute(command.args, project.folder, url);
      passed &&= ended.code === 0;
      fault ||= ended.code === 70 || /DBB9001|^\s+at .+:\d+:\d+\)?$/m.test(ended.stdout + ended.stderr);
      const found = ended.stdout.trim() === '' ? fromText(ended.stderr) : command.told(ended.stdout);
      for (const { code } of found) if (!told.includes(code)) told.push(code);
      if (found.some((each) => isNamed(each, mutation, pick)))
        return { mutation, by: command.name, told, passed: false, fault };
    }
    return { mutation, told, passed, fault };
  } finally {
    await query(base.url.replace(base.name, 'postgres'), `drop database ${name} with (force)`);
    project.remove();
  }
}

/** A config with mistakes is told on standard error. */
function fromText(stderr: string): Told[] {
  return [...stderr.matchAll(/^error\[(DBB\d+)\]: (.*)$/gm)].map(([, code = '', message = '']) => ({
    code,
    message,
  }));
}

function isNamed({ code, message, subject }: Told, mutation: Mutation, pick: Pick): boolean {
  const text = `${Object.values(subject ?? {}).join(' ')} ${message}`;
  return (
    mutation.codes.includes(code) && (mutation.subject?.(pick) ?? []).every((word) => text.includes(word))
  );
}

function execute(
  args: readonly string[],
  cwd: string,
  url: string,
  expected?: number,
): { code: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, DATABASE_URL: url, CI: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (expected !== undefined && status !== expected)
    throw new Error(`${args.join(' ')}:\n${stdout}${stderr}`);
  return { code: status, stdout, stderr };
}

function writeTable(): void {
  const rows = missed.map(
    ({ mutation, told, passed }) =>
      `| ${mutation.kind} | ${mutation.name} | ${passed ? 'nothing, and it passed as success' : told.join(', ') || 'nothing'} |`,
  );
  const table =
    rows.length === 0
      ? ['No fault was missed.']
      : ['| where | fault | what was told instead |', '| --- | --- | --- |', ...rows];
  const text = [
    begin,
    '',
    `${String(outcomes.length - missed.length)} of ${String(outcomes.length)} single faults were named with the right code and subject (seed ${String(seed)}).`,
    '',
    ...table,
    '',
    end,
  ].join('\n');
  const page = readFileSync(docs, 'utf8');
  writeFileSync(
    docs,
    page.includes(begin)
      ? page.replace(new RegExp(`${begin}[^]*${end}`), () => text)
      : `${page}\n## How much is found\n\n\`npm run mutate:diagnosis\` takes the healthy example, applies one fault at a time, and asks \`doctor\`, then \`check\`, then \`run\`.\n\n${text}\n`,
  );
}
