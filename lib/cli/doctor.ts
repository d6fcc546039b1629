import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import {
  ciRules,
  diagnosisJson,
  diagnosisProblem,
  examine,
  findingOf,
  rules,
  type Examination,
  type Finding,
  type LeftOut,
} from '../diagnose/index.js';
import { BootstrapError, exitCodeOf, redactor, renderProblems, type Problem } from '../errors/index.js';
import { collectEvidence, openCase, type Case, type Missing } from './evidence.js';
import { print, type Io } from './io.js';
import { openIo } from './load.js';
import type { ConfigOptions } from './options.js';
import { newReaderId } from './run-id.js';
import { openSession, type Session } from './session.js';
import { brokenOff, catchSignals, type Signals } from './signals.js';
import { counted } from '../text/index.js';

/** What an examination found, with all that its report needs. */
interface Report extends Examination {
  readonly root: string;
  readonly missing: Missing;
  readonly secrets: readonly string[];
}

/**
 * `db-bootstrap doctor`: says what is wrong with config, project, server and CI workflow files, and how to repair it. Changes
 * nothing. Exit 3 with an error among the findings.
 */
export async function doctorCommand(
  options: ConfigOptions & { readonly json?: boolean; readonly workflow?: string },
): Promise<number> {
  const io = openIo(options);
  const signals = catchSignals();
  try {
    const report =
      options.workflow === undefined
        ? await examineProject(options, io, signals)
        : await examineFile(options.workflow, io, signals.interrupt);
    const findings = report.findings.map((finding) => fromFolder(finding, report.root, io.cwd));
    if (options.json === true) print(io.stdout, jsonOf(findings, report.secrets));
    else print(io.stdout, textOf({ ...report, findings }, io));
    return count(findings, 'error') > 0 ? 3 : 0;
  } catch (error) {
    if (!signals.interrupt.aborted) throw error;
    const problem = brokenOff(signals.interrupt, 'the examination');
    print(io.stderr, renderProblems([problem], { color: io.errorColor }));
    return exitCodeOf(new BootstrapError(problem));
  } finally {
    signals.release();
  }
}

async function examineProject(options: ConfigOptions, io: Io, signals: Signals): Promise<Report> {
  const opened = await openCase(options, io);
  signals.limit(opened.workflow?.timeout);
  const { session, problems } = await sessionOf(opened, io);
  try {
    const { evidence, missing } = await collectEvidence({ case: opened, session, signal: signals.interrupt });
    const { findings, leftOut, notExamined } = await examine(evidence, rules);
    const mistakes = [...opened.problems, ...problems].map((problem) => findingOf(problem));
    return {
      // What is wrong with the config comes first: without it much else cannot be told.
      findings: [...mistakes, ...findings],
      leftOut,
      notExamined,
      missing,
      root: opened.root,
      secrets: [...(opened.workflow?.secrets ?? []), ...(session?.secrets ?? [])],
    };
  } finally {
    await session?.services.close();
  }
}

/** Looks at one workflow file of a CI system, with the scripts and actions of the repository that it runs, and at nothing else. */
async function examineFile(file: string, io: Io, signal: AbortSignal): Promise<Report> {
  const path = resolve(io.cwd, file);
  readWorkflowFile(path, file);
  // Steps start in the folder of the repository, whatever folder the command was typed in.
  const [, repository = ''] = /^(.*)[\\/]\.github[\\/]/.exec(path) ?? [];
  const root = repository === '' ? io.cwd : repository;
  const evidence = { root, env: {}, workflowFiles: [path], signal };
  const { findings } = await examine(evidence, ciRules);
  return {
    findings,
    leftOut: [],
    notExamined: [],
    missing: {},
    root,
    secrets: [],
  };
}

/** Throws DBB1010 for what is no file of YAML. */
function readWorkflowFile(path: string, file: string): void {
  const refuse = (reason: string): never => {
    throw new BootstrapError({
      code: 'DBB1010',
      message: `the workflow file "${file}" cannot be read: ${reason}`,
      place: { file: '--workflow' },
      help: 'name a workflow file, such as .github/workflows/ci.yml',
    });
  };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return refuse(code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a folder' : code);
  }
  const [fault] = parseDocument(text, { prettyErrors: true }).errors;
  if (fault) refuse(`it is not YAML (${fault.message.split('\n', 1)[0] ?? ''})`);
}

/** The session, read-only; where the database's URL cannot be read, one without a database, and the problem. */
async function sessionOf(
  { workflow }: Case,
  io: Io,
): Promise<{ readonly session: Session | undefined; readonly problems: readonly Problem[] }> {
  if (!workflow) return { session: undefined, problems: [] };
  const options = { io, workflow, runId: newReaderId(), waitLock: 0, readOnly: true };
  try {
    return { session: await openSession(options), problems: [] };
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    const none: typeof workflow = { ...workflow, database: { kind: 'none' } };
    return { session: await openSession({ ...options, workflow: none }), problems: error.problems };
  }
}

/** Places are told as a person would type them; rules name them from the root. */
function fromFolder(finding: Finding, root: string, cwd: string): Finding {
  const { place } = finding;
  if (!place || root === cwd || !existsSync(resolve(root, place.file))) return finding;
  return { ...finding, place: { ...place, file: relative(cwd, resolve(root, place.file)) } };
}

function jsonOf(findings: readonly Finding[], secrets: readonly string[]): string {
  const redact = redactor(secrets);
  const clean = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? redact(value) : value;
  return JSON.stringify({ findings: findings.map(diagnosisJson) }, clean, 2);
}

function textOf({ findings, leftOut, notExamined, missing, secrets }: Report, io: Io): string {
  const redact = redactor(secrets);
  const lines = [
    ...leftOutLines(leftOut, missing),
    ...notExamined.map((part) => redact(`not examined: ${part.notExamined}: ${part.why}`)),
  ];
  const parts = [
    ...(findings.length === 0
      ? []
      : [renderProblems(findings.map(diagnosisProblem), { color: io.color, secrets })]),
    ...(lines.length === 0 ? [] : [lines.join('\n')]),
    verdict(findings),
  ];
  return parts.join('\n\n');
}

const partNames = { workflow: 'the config', host: 'Django', database: 'the database' };

/** A line for each part of the evidence that could not be had, with the rules that it cost. */
function leftOutLines(leftOut: readonly LeftOut[], missing: Missing): readonly string[] {
  const parts = [...new Set(leftOut.map(({ lacks }) => lacks))];
  return parts.map((part) => {
    const names = leftOut.filter(({ lacks }) => lacks === part).map(({ name }) => name);
    return `not examined, without ${partNames[part]} (${missing[part] ?? 'it is not there'}): ${names.join(', ')}`;
  });
}

function verdict(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing wrong was found';
  const kinds = ['error', 'warning', 'note'] as const;
  return kinds
    .map((kind) => [count(findings, kind), kind] as const)
    .filter(([number, kind]) => number > 0 || kind !== 'note')
    .map(([number, kind]) => counted(number, kind))
    .join(', ');
}

function count(findings: readonly Finding[], kind: 'error' | 'warning' | 'note'): number {
  return findings.filter(({ severity = 'error' }) => severity === kind).length;
}
