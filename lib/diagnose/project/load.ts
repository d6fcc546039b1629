import { preflight, problemOfHost, type HostError, type Preflight } from '../../django/index.js';
import { BootstrapError, type Problem } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';
import { causeOf } from './load-cause.js';

/** The project can be loaded: an interpreter, Django in it, settings that import, a database engine, apps and migrations that load. */
export const projectLoads: Rule = {
  name: 'project-loads',
  reads: ['host'],
  find: async (evidence) => {
    if (!evidence.host) return [];
    try {
      const facts = await preflight(evidence.host);
      const failure = facts.failure ?? facts.project?.migrations.failure;
      return failure ? [diagnosisOf(failure, facts, evidence)] : [];
    } catch (error) {
      if (!(error instanceof BootstrapError) || error.code === 'DBB5020') throw error;
      return error.problems.map((problem) => withEvidence(problem, {}));
    }
  },
};

function diagnosisOf(failure: HostError, facts: Preflight, evidence: Evidence): Diagnosis {
  const { settingsModule, settings } = facts;
  const host = { task: 'doctor', method: 'preflight', python: 'the interpreter', settings: settingsModule };
  const problem = problemOfHost(failure, host);
  const notes = problem.notes?.filter(({ label }) => label !== 'interpreter') ?? [];
  const cause = causeOf(failure, settings, evidence);
  const told = withEvidence({ ...problem, notes }, { settings: settingsModule, ...cause.subject });
  const said = cause.message === undefined ? [] : [`Django says: ${problem.message}`];
  return { ...told, ...cause, subject: told.subject, evidence: [...said, ...told.evidence] };
}

/** What a problem tells as a diagnosis; it stands for whatever else stumbled over the same. */
function withEvidence(problem: Problem, subject: Readonly<Record<string, string>>): Diagnosis {
  const { notes = [], help, ...rest } = problem;
  return {
    ...rest,
    subject: { ...subject, problem: expectations[problem.code]?.problem ?? 'project' },
    expected: expectations[problem.code]?.expected ?? 'a project that Django can load',
    actual: problem.message,
    evidence: notes.map(({ label, text }) => `${label}: ${text}`),
    help: help ?? 'correct what the message names; "python manage.py check" shows the same',
    explains: [problem.code],
  };
}

const expectations: Partial<
  Record<Problem['code'], { readonly problem: string; readonly expected: string }>
> = {
  DBB6001: { problem: 'interpreter', expected: 'a Python interpreter of the project' },
  DBB6002: { problem: 'interpreter', expected: 'an interpreter that has Django' },
  DBB6003: { problem: 'settings', expected: 'settings that can be imported' },
  DBB6004: { problem: 'settings', expected: 'the name of a settings module' },
  DBB6032: { problem: 'engine', expected: 'an engine for PostgreSQL' },
};
