import assert from 'node:assert/strict';
import { BootstrapError } from '../../lib/errors/index.js';
import {
  diagnosisJson,
  diagnosisProblem,
  examine,
  rules,
  type Diagnosis,
  type Evidence,
} from '../../lib/diagnose/index.js';

const evidence: Evidence = {
  root: '/nowhere',
  env: {},
  workflowFiles: [],
  signal: new AbortController().signal,
};

const diagnosis: Diagnosis = {
  code: 'DBB6007',
  message: 'app "carriers" has two leaf nodes',
  place: { file: 'carriers/migrations/0002_b.py', line: 3 },
  subject: { app: 'carriers' },
  expected: 'one leaf node',
  actual: '0002_a and 0002_b',
  evidence: ['0002_a depends on 0001_initial', '0002_b depends on 0001_initial'],
  help: 'run "python manage.py makemigrations --merge"',
};

describe('examining a project', () => {
  it('tells each fault of a place once, errors first', async () => {
    const { findings } = await examine(evidence, [
      { name: 'one', reads: [], find: () => [{ ...diagnosis, severity: 'warning' }, diagnosis] },
      {
        name: 'two',
        reads: [],
        find: () => Promise.resolve([diagnosis, { ...diagnosis, subject: { app: 'plants' } }]),
      },
    ]);
    assert.deepEqual(
      findings.map(({ subject, severity }) => [subject.app, severity]),
      [
        ['carriers', undefined],
        ['plants', undefined],
      ],
    );
  });

  it('puts first what others may follow from: the server, and settings that make it another project', async () => {
    const found = ['DBB5033', 'DBB6049', 'DBB6007', 'DBB4002'] as const;
    const { findings } = await examine(evidence, [
      {
        name: 'one',
        reads: [],
        find: () =>
          found.map((code, index) => ({
            ...diagnosis,
            code,
            place: { file: `${String(index)}.py`, line: 1 },
          })),
      },
    ]);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['DBB6049', 'DBB4002', 'DBB5033', 'DBB6007'],
    );
  });

  it('leaves out what cannot be read, and names it', async () => {
    const { leftOut } = await examine(evidence, [
      { name: 'needs-host', reads: ['host'], find: () => [diagnosis] },
    ]);
    assert.deepEqual(leftOut, [{ name: 'needs-host', lacks: 'host' }]);
  });

  it('tells what a rule could not read, once, and goes on with the others', async () => {
    const unreadable = (): never => {
      throw new BootstrapError({ code: 'DBB6001', message: 'no Python interpreter was found' });
    };
    const { findings } = await examine(evidence, [
      { name: 'one', reads: [], find: unreadable },
      { name: 'two', reads: [], find: unreadable },
      { name: 'three', reads: [], find: () => [diagnosis] },
      {
        name: 'four',
        reads: [],
        find: () => {
          throw new TypeError('undefined is not a function');
        },
      },
    ]);
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [
        ['DBB6001', undefined],
        ['DBB6007', undefined],
        ['DBB9001', 'warning'],
      ],
    );
    assert.match(findings[2]?.message ?? '', /rule "four" failed: undefined is not a function/);
  });

  it('leaves out what follows from another finding', async () => {
    const stumbled = (): never => {
      throw new BootstrapError({
        code: 'DBB6030',
        message: 'DATABASE_ROUTERS setting must contain a router',
      });
    };
    const told: Diagnosis = { ...diagnosis, code: 'DBB6030', explains: ['DBB6030'] };
    const cause: Diagnosis = { ...diagnosis, code: 'DBB6048', explains: ['DBB6030'] };
    const codesOf = async (...found: readonly Diagnosis[]): Promise<readonly string[]> => {
      const { findings } = await examine(evidence, [
        { name: 'one', reads: [], find: stumbled },
        { name: 'two', reads: [], find: () => found },
      ]);
      return findings.map(({ code, subject }) => `${code} ${Object.keys(subject).join()}`);
    };
    assert.deepEqual(await codesOf(told), ['DBB6030 app']);
    assert.deepEqual(await codesOf(told, cause), ['DBB6048 app']);
  });

  it('shows expected, actual and evidence to people and the place to machines', () => {
    assert.deepEqual(
      diagnosisProblem(diagnosis).notes?.map(({ label }) => label),
      ['expected', 'actual', 'evidence', 'evidence'],
    );
    assert.deepEqual(diagnosisJson(diagnosis), {
      code: 'DBB6007',
      severity: 'error',
      at: 'carriers/migrations/0002_b.py:3:1',
      subject: { app: 'carriers' },
      message: diagnosis.message,
      evidence: diagnosis.evidence,
      help: diagnosis.help,
    });
  });

  it('gives every rule a name of its own', () => {
    const names = rules.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
  });
});
