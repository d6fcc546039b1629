import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseShell } from '../../../lib/diagnose/ci/shell.js';
import { findIn as find, postgres, run, workflow } from '../../support/workflow-file.js';

interface Fault {
  readonly name: string;
  readonly text: string;
  readonly files?: Record<string, string>;
  readonly code: string;
  readonly severity?: 'warning' | 'note';
  readonly subject: Record<string, string>;
  /** The text at the finding's place. */
  readonly at: string;
  readonly help: RegExp;
  /** What has to be shown, beside that something is. */
  readonly evidence?: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: 'a tenant named behind --tenant',
    text: workflow(run('echo start\npython backend/manage.py migrate_schemas --tenant acme --noinput')),
    code: 'DBB6078',
    subject: { job: 'test', step: 'database', value: 'acme' },
    at: '--tenant acme',
    help: /--schema=acme/,
  },
  {
    name: 'a tenant glued to --tenant',
    text: workflow(run('python manage.py migrate_schemas --tenant=acme')),
    code: 'DBB6078',
    subject: { value: 'acme' },
    at: '--tenant=acme',
    help: /--schema=acme/,
  },
  {
    name: '|| true behind a migration',
    text: workflow(run('python manage.py migrate_schemas --shared || true')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'migrate_schemas' },
    at: 'true',
    help: /no failure of it is harmless/,
    evidence: /^hidden: migrations that fail half way, settings that do not import/,
  },
  {
    name: '|| echo behind psql, over two lines',
    text: workflow(run('PGUSER=app psql -c "create role app" \\\n  || echo "not applicable"')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'psql' },
    at: 'echo',
    help: /tolerate: \[\{ sqlstate: '42710'/,
    evidence: /^hidden: SQL errors, a server that does not answer, a role that does not exist$/,
  },
  {
    name: 'set +e before a database command',
    text: workflow(run('set +e\npython manage.py loaddata seed.json\necho done')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'loaddata' },
    at: 'python',
    help: /23505/,
    evidence: /^hidden: errors in the data/,
  },
  {
    name: 'a pipe that swallows the exit code',
    text: workflow(run('python manage.py migrate | tee migrate.log')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'migrate' },
    at: 'python',
    help: /remove what hides it/,
  },
  {
    name: 'continue-on-error at a step with migrations',
    text: workflow(run('python manage.py migrate', '        continue-on-error: true\n')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'migrate' },
    at: 'true',
    help: /remove what hides it/,
  },
  {
    name: 'migrate and migrate_schemas in one job',
    text: workflow(
      run('python manage.py migrate --noinput') + run('python manage.py migrate_schemas --noinput'),
    ),
    code: 'DBB6040',
    severity: 'warning',
    subject: { repeats: 'migrate' },
    at: 'migrate_schemas',
    help: /remove "migrate"/,
    evidence: /replaces the command "migrate" by "migrate_schemas"[^]*its cost comes twice/,
  },
  {
    name: 'psql -f without ON_ERROR_STOP',
    text: workflow(run('psql -U app -f init.sql')),
    code: 'DBB5031',
    severity: 'warning',
    subject: { command: 'psql' },
    at: 'psql',
    help: /ON_ERROR_STOP=1/,
  },
  {
    name: 'a loop over *.sql beside other init scripts',
    text: workflow(run('for f in initdb/*.sql; do\n  psql -U app -v ON_ERROR_STOP=1 -f "$f"\ndone')),
    files: { 'initdb/01.sql': '', 'initdb/02.sh': '', 'initdb/03.sql.gz': '' },
    code: 'DBB5032',
    subject: { files: '02.sh, 03.sql.gz' },
    at: 'initdb/*.sql',
    help: /task "init"/,
    evidence: /^not run: initdb\/02\.sh\nnot run: initdb\/03\.sql\.gz$/,
  },
  {
    name: 'init scripts mounted into a service',
    text: workflow(
      run('echo ok'),
      postgres('        volumes:\n          - ${{ github.workspace }}/initdb:/docker-entrypoint-initdb.d\n'),
    ),
    code: 'DBB5033',
    subject: { service: 'db', job: 'test' },
    at: '${{ github.workspace }}/initdb:/docker-entrypoint-initdb.d',
    help: /after the checkout/,
  },
  {
    name: 'a wait loop without a deadline',
    text: workflow(run('until psql -U app -c "select 1"; do\n  sleep 1\ndone')),
    code: 'DBB5034',
    severity: 'warning',
    subject: { loop: 'until' },
    at: 'until',
    help: /task "wait"/,
  },
  {
    name: 'a wait loop that falls through',
    text: workflow(
      run(
        'for i in $(seq 30); do\n  psql -U app -c "select 1" && break\n  sleep 1\ndone\npython manage.py check',
      ),
    ),
    code: 'DBB5035',
    severity: 'warning',
    subject: { loop: 'for' },
    at: 'for',
    help: /task "wait"/,
  },
  {
    name: 'pg_isready alone',
    text: workflow(
      run('for i in $(seq 30); do\n  if pg_isready -U app; then exit 0; fi\n  sleep 1\ndone\nexit 1'),
    ),
    code: 'DBB5036',
    severity: 'note',
    subject: { loop: 'for' },
    at: 'for',
    help: /logs in/,
  },
  {
    name: 'psql without a user name',
    text: workflow(run('psql -h localhost -c "select 1"')),
    code: 'DBB5064',
    severity: 'warning',
    subject: { command: 'psql' },
    at: 'psql',
    help: /PGUSER/,
  },
  {
    name: 'a health command without a user name',
    text: workflow(
      run('echo ok'),
      postgres('        options: --health-cmd pg_isready --health-interval 5s\n'),
    ),
    code: 'DBB5064',
    severity: 'note',
    subject: { service: 'db' },
    at: '--health-cmd pg_isready --health-interval 5s',
    help: /^write --health-cmd "pg_isready -U postgres"$/,
  },
  {
    name: 'a health command without the user name of its service',
    text: workflow(
      run('echo ok'),
      postgres('        env: { POSTGRES_USER: app }\n        options: --health-cmd "pg_isready -d app"\n'),
    ),
    code: 'DBB5064',
    severity: 'note',
    subject: { service: 'db' },
    at: '--health-cmd "pg_isready -d app"',
    help: /^write --health-cmd "pg_isready -U app"$/,
  },
  {
    name: 'a tenant in a variable behind --tenant',
    text: workflow(run('python manage.py migrate_schemas --tenant $TENANT')),
    code: 'DBB6078',
    subject: { value: '$TENANT' },
    at: '--tenant $TENANT',
    help: /--schema=\$TENANT/,
  },
  {
    name: '|| true behind a database that is dropped',
    text: workflow(run('dropdb -U app shop || true')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'dropdb' },
    at: 'true',
    help: /sqlstate: '3D000', reason: the database may be gone/,
  },
  {
    name: '|| true behind rows that are inserted by psql',
    text: workflow(run('psql -U app -c "insert into t values (1)" || true')),
    code: 'DBB5030',
    severity: 'warning',
    subject: { command: 'psql' },
    at: 'true',
    help: /sqlstate: '23505', reason: the rows may exist/,
  },
];

const healthy: readonly (readonly [string, string])[] = [
  [
    'a service with a health command, migrations, tests',
    workflow(
      run('python manage.py migrate_schemas --shared\npython manage.py migrate_schemas --tenant\npytest'),
      postgres(
        '        options: >-\n          --health-cmd "pg_isready -U postgres"\n          --health-retries 5\n',
      ),
    ),
  ],
  [
    'failures of what touches no database',
    workflow(
      run('rm -rf cache || true\nflake8 || echo "later"\ncurl -s http://x | tee out\nset +e\nmake docs'),
    ),
  ],
  [
    'psql as it should be',
    workflow(
      run('psql -v ON_ERROR_STOP=1 -f init.sql\npsql -c "select 1" | tee out', '        shell: bash\n'),
      '',
      'env:\n  PGUSER: app\n',
    ),
  ],
  [
    'a wait loop with a deadline and a check behind it',
    workflow(
      run(
        'for i in $(seq 30); do psql "$DATABASE_URL" -c "select 1" && break; sleep 1; done\npsql "$DATABASE_URL" -c "select 1"',
      ),
    ),
  ],
  [
    'plain Django',
    workflow(run('python manage.py makemigrations --check\npython manage.py migrate --noinput')),
  ],
  [
    'one app alone beside all schemas',
    workflow(run('python manage.py migrate_schemas\npython manage.py migrate sites 0001')),
  ],
  [
    'PowerShell',
    workflow(run('Get-Service | Where-Object { $_.Status -eq "Running" }', '        shell: pwsh\n')),
  ],
  ['db-bootstrap itself', workflow(run('npx db-bootstrap exec -- python manage.py test'))],
  [
    'a reusable workflow',
    'on: push\njobs:\n  call:\n    uses: ./.github/workflows/other.yml\n    secrets: inherit\n',
  ],
];

describe('rules about CI workflow files', () => {
  for (const { name, text, files, code, severity, subject, at, help, evidence = /./ } of faults) {
    it(`${code}: ${name}`, async () => {
      const findings = await find(text, files);
      assert.deepEqual(
        findings.map((finding) => finding.code),
        [code],
        JSON.stringify(findings, null, 2),
      );
      const [finding] = findings;
      assert.equal(finding?.severity, severity);
      assert.deepEqual({ ...finding?.subject, ...subject }, finding?.subject);
      assert.match(finding?.help ?? '', help);
      assert.match(finding?.evidence.join('\n') ?? '', evidence);
      const { file, line = 0, column = 0 } = finding?.place ?? {};
      assert.equal(file, '.github/workflows/ci.yml');
      const source = text.split('\n')[line - 1] ?? '';
      assert.equal(source.slice(column - 1, column - 1 + at.length), at);
      assert.equal(finding?.place?.source, source);
    });
  }

  it('DBB1010: a file that is no YAML', async () => {
    const [finding, ...others] = await find(workflow('      - run: python manage.py seed || :\n'));
    assert.deepEqual(others, []);
    assert.deepEqual(
      [finding?.code, finding?.severity, finding?.subject],
      ['DBB1010', undefined, { file: '.github/workflows/ci.yml' }],
    );
    assert.equal(finding?.place?.line, 8);
    assert.match(finding.help ?? '', /in quotes/);
  });

  for (const [name, text] of healthy) {
    it(`nothing is wrong with ${name}`, async () => {
      assert.deepEqual(await find(text), []);
    });
  }
});

describe('reading shell scripts', () => {
  const pieces = fc.constantFrom(
    'psql',
    '&&',
    '||',
    '|',
    ';',
    '\n',
    "'a b'",
    '"$x"',
    '$(seq 3)',
    '${y:-z}',
    '#c',
    '\\\n',
    '<<EOF',
    'EOF',
    '(',
    ')',
    'until',
    'done',
    '"',
    "'",
    ' ',
  );

  it('never throws, and every word stands where it says', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.string(), (parts, text) => {
        for (const script of [parts.join(' '), parts.join(''), text]) {
          let last = 0;
          for (const { words, keywords } of parseShell(script))
            for (const { offset, length } of [...keywords, ...words].sort((a, b) => a.offset - b.offset)) {
              assert.ok(offset >= last && offset + length <= script.length);
              last = offset + length;
            }
        }
      }),
    );
  });

  it('knows quotes, heredocs, comments and continued lines', () => {
    const script = `psql -c "a;b" 'c d' \\\n  -x # no | pipe\ncat <<'EOF'\npsql || true\nEOF\nuntil x && y; do z; done`;
    assert.deepEqual(
      parseShell(script).map(({ words, operator, keywords }) => [
        keywords.map(({ text }) => text).join(' '),
        words.map(({ text }) => text).join(' '),
        operator,
      ]),
      [
        ['', 'psql -c a;b c d -x', '\n'],
        ['', 'cat', '\n'],
        ['until', 'x', '&&'],
        ['', 'y', ';'],
        ['do', 'z', ';'],
        ['done', '', ''],
      ],
    );
  });
});
