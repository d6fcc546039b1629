import assert from 'node:assert/strict';
import { parseShell } from '../../../lib/diagnose/ci/shell.js';
import { findIn, postgres, run, workflow } from '../../support/workflow-file.js';

/** The same faults as people write them: the code, and the text at the finding's place. */
const faults: readonly (readonly [
  name: string,
  text: string,
  code: string,
  at: string,
  subject?: Record<string, string>,
])[] = [
  ['|| :', workflow(run('python manage.py loaddata seed || :')), 'DBB5030', ':'],
  ['|| /bin/true', workflow(run('python manage.py migrate || /bin/true')), 'DBB5030', '/bin/true'],
  ['behind redirections', workflow(run('python manage.py migrate > log 2>&1 || true')), 'DBB5030', 'true'],
  [
    'behind a file for all output',
    workflow(run('python manage.py migrate &> log || true')),
    'DBB5030',
    'true',
  ],
  ['|| exit 0', workflow(run('python manage.py migrate || exit 0')), 'DBB5030', 'exit'],
  [
    'brackets that only talk',
    workflow(run('python manage.py migrate || { echo "no"; cat log; }')),
    'DBB5030',
    'echo',
  ],
  ['a sub-shell', workflow(run('(cd backend; python manage.py migrate) || true')), 'DBB5030', 'true'],
  ['braces', workflow(run('{ python manage.py migrate; } || true')), 'DBB5030', 'true'],
  ['the end of a chain', workflow(run('python manage.py migrate && echo ok || true')), 'DBB5030', 'true'],
  [
    'behind a pipe',
    workflow(run('set -o pipefail\npython manage.py migrate | tee log || true')),
    'DBB5030',
    'true',
  ],
  [
    'behind a loop',
    workflow(run('for f in *.json; do python manage.py loaddata $f; done || true')),
    'DBB5030',
    'true',
  ],
  [
    'an if without a word',
    workflow(run('if ! python manage.py migrate; then\n  echo "not applicable"\nfi')),
    'DBB5030',
    'python',
  ],
  [
    'an if that only greets',
    workflow(run('if python manage.py migrate; then echo ok; fi')),
    'DBB5030',
    'python',
  ],
  [
    'set +o errexit',
    workflow(run('set +o errexit\npython manage.py migrate\necho done')),
    'DBB5030',
    'python',
  ],
  ['set +ex', workflow(run('set +ex\npython manage.py migrate\necho $?')), 'DBB5030', 'python'],
  [
    'bash -c',
    workflow('      - run: bash -c "python manage.py migrate || true"\n'),
    'DBB5030',
    'true',
    { command: 'migrate', step: 'step 2' },
  ],
  [
    'bash -c, whose shell has no set -e',
    workflow(run("bash -c 'python manage.py migrate; echo done'")),
    'DBB5030',
    'python',
  ],
  [
    'a shell in a container',
    workflow(
      run('docker compose run --rm web sh -c "cd src && python manage.py migrate_schemas --tenant acme"'),
    ),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'escaped quotes',
    workflow(run('bash -c "echo \\"x\\"; python manage.py migrate || true"')),
    'DBB5030',
    'true',
  ],
  [
    'python -m django',
    workflow(run('python -m django migrate_schemas --tenant acme')),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'a runner of environments',
    workflow(run('uv run manage.py migrate_schemas --tenant acme')),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'a list of which set -e minds only the end',
    workflow(run('python manage.py migrate && echo migrated\npytest')),
    'DBB5030',
    'python',
  ],
  ['a command that nobody waits for', workflow(run('python manage.py migrate &\nwait')), 'DBB5030', 'python'],
  [
    'an exit code that is kept and only told',
    workflow(run('rc=0\npython manage.py migrate || rc=$?\necho "ended with $rc"')),
    'DBB5030',
    'rc=$?',
  ],
  [
    'a command of the project that seeds',
    workflow(run('python manage.py seed_demo --all || true')),
    'DBB5030',
    'true',
    { command: 'seed_demo' },
  ],
  [
    'another user, whose name comes first',
    workflow(run('sudo -u postgres psql -c "create role app" || true')),
    'DBB5030',
    'true',
    { command: 'psql' },
  ],
  [
    'a client without a user, with a file in a variable',
    workflow(run('for f in a.sql b.sql; do psql -v ON_ERROR_STOP=1 -h "$HOST" -f "$f"; done')),
    'DBB5064',
    'psql',
  ],
  [
    'another user, with letters in one',
    workflow(run('sudo -iu postgres psql -c "create database app" || true')),
    'DBB5030',
    'true',
    { command: 'psql' },
  ],
  [
    'another user, who gets a text',
    workflow(run('su - postgres -c "createdb app || true"')),
    'DBB5030',
    'true',
    { command: 'createdb' },
  ],
  ['a time limit', workflow(run('timeout 60 psql -U app -f seed.sql')), 'DBB5031', 'psql'],
  ['files from a list', workflow(run('xargs -n1 psql -U app -f < files.txt')), 'DBB5031', 'psql'],
  [
    'a tenant in a variable',
    workflow(run('python manage.py migrate_schemas --tenant "$TENANT"')),
    'DBB6078',
    '--tenant "$TENANT"',
    { value: '$TENANT' },
  ],
  [
    'a command in a variable',
    workflow(run('MANAGE="poetry run python manage.py"\n$MANAGE migrate || true')),
    'DBB5030',
    'true',
    { command: 'migrate' },
  ],
  [
    'a command in a variable of the workflow',
    workflow(
      run('${MANAGE} migrate_schemas --tenant acme'),
      '',
      'env:\n  MANAGE: python backend/manage.py\n',
    ),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'a migration in a step that runs in any case',
    workflow(run('python manage.py migrate || true', '        if: always()\n')),
    'DBB5030',
    'true',
  ],
  [
    'a here document for a shell',
    workflow(run("bash <<'EOF'\npython manage.py migrate_schemas --tenant acme\nEOF")),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'a here document that is piped into a shell of a container',
    workflow(
      run(
        'cat <<EOF | docker compose exec -T web bash -e\npython manage.py migrate_schemas --tenant acme\nEOF',
      ),
    ),
    'DBB6078',
    '--tenant acme',
  ],
  [
    'a text in quotes of YAML',
    workflow(`      - run: "bash -ec \\"python manage.py migrate || true\\""\n`),
    'DBB5030',
    'true',
  ],
  [
    'an expression that is true',
    workflow(run('python manage.py migrate', '        continue-on-error: ${{ true }}\n')),
    'DBB5030',
    '${{ true }}',
  ],
  [
    'an expression',
    workflow(run('python manage.py migrate', '        continue-on-error: ${{ matrix.new }}\n')),
    'DBB5030',
    '${{ matrix.new }}',
  ],
  [
    'a shell of its own that goes on',
    workflow(run('python manage.py migrate\necho done', '        shell: bash -l {0}\n')),
    'DBB5030',
    'python',
  ],
  [
    'psql that reads a here document',
    workflow(run('psql -U app shop <<SQL\ncreate table t ();\nSQL')),
    'DBB5031',
    'psql',
  ],
  [
    'psql behind a pipe',
    workflow(run('cat seed.sql | psql -U app shop', '        shell: bash\n')),
    'DBB5031',
    'psql',
  ],
  [
    'psql in a container',
    workflow(run('docker compose exec -T db psql -U app < seed.sql')),
    'DBB5031',
    'psql',
  ],
  [
    'a loop that asks a port',
    workflow(run('while ! nc -z localhost 5432; do sleep 1; done')),
    'DBB5034',
    'while',
  ],
  [
    'a loop that migrates until it works',
    workflow(run('until python manage.py migrate; do sleep 2; done')),
    'DBB5034',
    'until',
  ],
  [
    'an endless loop with a way out for the answer only',
    workflow(run('while true; do\n  psql -U app -c "select 1" && break\n  sleep 1\ndone')),
    'DBB5034',
    'while',
  ],
  [
    'a time for each question only',
    workflow(run("until timeout 1 bash -c '</dev/tcp/localhost/5432'; do sleep 1; done")),
    'DBB5034',
    'until',
  ],
  [
    'a count in the condition',
    workflow(
      run(
        'n=0\nuntil psql -U app -c "select 1" || [ $n -ge 30 ]; do n=$((n+1)); sleep 1; done\npython manage.py migrate',
      ),
    ),
    'DBB5035',
    'until',
  ],
  [
    'a count that only breaks',
    workflow(
      run(
        'n=0\nuntil psql -U app -c "select 1"; do\n  n=$((n+1))\n  if [ $n -gt 30 ]; then echo late; break; fi\ndone\npython manage.py migrate',
      ),
    ),
    'DBB5035',
    'until',
  ],
  [
    'a condition inside for',
    workflow(
      run(
        'for i in {1..30}; do\n  if psql -U app -c "select 1"; then break; fi\n  sleep 1\ndone\npython manage.py migrate',
      ),
    ),
    'DBB5035',
    'for',
  ],
];

const healthy: readonly (readonly [name: string, text: string, files?: Record<string, string>])[] = [
  ['brackets that end the step', workflow(run('python manage.py migrate || { echo "failed"; exit 1; }'))],
  ['a sub-shell that ends the step', workflow(run('python manage.py migrate || (echo "failed" && exit 1)'))],
  ['words before the end', workflow(run('python manage.py migrate || echo "failed" && exit 1'))],
  [
    'an exit code that is kept',
    workflow(run('set +e\npython manage.py migrate\nstatus=$?\ndocker logs db\nexit $status')),
  ],
  [
    'an exit code for later steps',
    workflow(
      run('set +e\npython manage.py migrate\necho "code=$?" >> "$GITHUB_OUTPUT"\n[ $? = 0 ] || exit 1'),
    ),
  ],
  ['the last command after set +e', workflow(run('set +e\npython manage.py migrate'))],
  ['a semicolon under set -e', workflow(run('python manage.py migrate; true'))],
  [
    'an if that ends the step',
    workflow(run('if ! python manage.py migrate; then\n  echo "::error::no"\n  exit 1\nfi')),
  ],
  ['an if that asks', workflow(run('if python manage.py migrate --check; then echo "nothing to do"; fi'))],
  [
    'a role that is looked for',
    workflow(run('psql -U app -tAc "select 1 from pg_roles" | grep -q 1 || psql -U app -c "create role x"')),
  ],
  [
    'a database that is looked for',
    workflow(
      run(
        'if psql -U app -lqt | cut -d "|" -f 1 | grep -qw shop; then echo there; else createdb -U app shop; fi',
      ),
    ),
  ],
  [
    'an expression that is false',
    workflow(run('python manage.py migrate', '        continue-on-error: ${{ false }}\n')),
  ],
  [
    'a wait that ends',
    workflow(run('timeout 60 bash -c \'until psql -U app -c "select 1"; do sleep 1; done\'')),
  ],
  [
    'a step that ends',
    workflow(run('until psql -U app -c "select 1"; do sleep 1; done', '        timeout-minutes: 2\n')),
  ],
  [
    'a count that ends the step',
    workflow(
      run(
        'n=0\nuntil psql -U app -c "select 1"; do\n  n=$((n+1))\n  [ $n -gt 30 ] && exit 1\n  sleep 1\ndone',
      ),
    ),
  ],
  [
    'an answer that ends the script, and a failure behind the loop',
    workflow(
      run('for i in 1 2 3; do\n  psql -U app -c "select 1" && exit 0\n  sleep 1\ndone\necho late\nexit 1'),
    ),
  ],
  [
    'a loop over files',
    workflow(
      run(
        'find initdb -name "*.sql" | sort | while read -r f; do psql -v ON_ERROR_STOP=1 -U app -f "$f"; done',
        '        shell: bash\n',
      ),
    ),
  ],
  ['a loop over databases', workflow(run('for db in a b; do createdb -U app $db || exit 1; done'))],
  [
    'two loops that run all there is',
    workflow(
      run(
        'for f in initdb/*.sql; do psql -v ON_ERROR_STOP=1 -U app -f "$f"; done\nfor f in initdb/*.sh; do bash "$f"; done',
      ),
    ),
    { 'initdb/1.sql': '', 'initdb/2.sh': '' },
  ],
  ['an export', workflow(run('pg_dump -U app shop | gzip > dump.gz', '        shell: bash\n'))],
  [
    'PowerShell on Windows',
    workflow(run('python manage.py migrate || true')).replace('ubuntu-latest', 'windows-latest'),
  ],
  [
    'a script that stops',
    workflow(run('./db.sh')),
    {
      'db.sh':
        '#!/bin/bash\nset -euo pipefail\npython manage.py migrate_schemas\npython manage.py loaddata seed\n',
    },
  ],
  [
    'what is shown once something has failed',
    workflow(
      run(
        'psql -U app -c "select * from pg_stat_activity" || true\npg_dump -U app shop > dump.sql || true',
        '        if: failure()\n',
      ),
    ),
  ],
  [
    'users in variables',
    workflow(run('psql "$URL" -c "select 1"\npsql -d "$URL" -c "select 1"\npsql $OPTIONS -c "select 1"')),
  ],
  [
    'clients of another user of the machine',
    workflow(
      run(
        'sudo -u postgres psql -c "select 1"\nsudo -u postgres bash -ec "createdb app"\nsu postgres -c "createdb more"\nsudo -iu postgres bash -e <<EOF\ncreatedb third\nEOF',
      ),
    ),
  ],
  ['what is cleaned up', workflow(run('dropdb -U app shop || true', '        if: ${{ always() }}\n'))],
  [
    'the exit code of a pipe that is asked for',
    workflow(run('python manage.py migrate | tee log\ntest ${PIPESTATUS[0]} -eq 0')),
  ],
  [
    'an action that finds the variables of the job',
    workflow('      - uses: ./actions/db\n', '', 'env:\n  PGUSER: app\n'),
    {
      'actions/db/action.yml':
        'runs:\n  using: composite\n  steps:\n    - run: createdb shop\n      shell: bash\n',
    },
  ],
  [
    'a list that ends the step',
    workflow(run('python manage.py migrate && python manage.py test && exit 0\nexit 1')),
  ],
  ['a list at the end', workflow(run('echo start\npython manage.py migrate && echo migrated'))],
  ['a sub-shell whose list is its end', workflow(run('(cd backend && python manage.py migrate)\npytest'))],
  ['a command that is waited for', workflow(run('python manage.py migrate &\npid=$!\nwait $pid'))],
  [
    'an exit code that is kept and given back',
    workflow(run('rc=0\npython manage.py migrate || rc=$?\ndocker logs db\nexit $rc')),
  ],
  [
    'a step whose outcome another one asks for',
    workflow(
      `${run('python manage.py migrate', '        id: migrate\n        continue-on-error: true\n')}      - if: steps.migrate.outcome == 'failure'\n        run: docker logs db && exit 1\n`,
    ),
  ],
  [
    'SQL that stops itself',
    workflow(run("psql -U app -Atq <<'SQL'\n\\set ON_ERROR_STOP on\ncreate table t ();\nSQL")),
  ],
  [
    'a file that stops itself',
    workflow(run('psql -U app -f seed.sql')),
    { 'seed.sql': '-- rows\n\\set ON_ERROR_STOP 1\ninsert into t values (1);\n' },
  ],
  [
    'another machine',
    workflow(
      run('ssh host <<EOF\npython manage.py migrate || true\nEOF\nssh host bash -c "psql -f x || true"'),
    ),
  ],
  [
    'a user name for later steps',
    workflow(run('echo "PGUSER=app" >> "$GITHUB_ENV"') + run('psql -c "select 1"')),
  ],
  [
    'a user name of the container',
    workflow(run('psql -c "select 1"')).replace(
      '    steps:',
      '    container:\n      image: python\n      env: { PGUSER: app }\n    steps:',
    ),
  ],
  ['flags in a variable', workflow(run('python manage.py migrate_schemas --tenant $FLAGS'))],
  [
    'a matrix, defaults of the job, and runners of environments',
    `defaults:\n  run:\n    shell: bash\n    working-directory: backend\n${workflow(
      run(
        'set -euo pipefail\npoetry run python manage.py migrate_schemas --shared --noinput\nuv run python manage.py migrate_schemas --tenant\npipenv run python manage.py collectstatic --no-input || true\ntox -e py${{ matrix.python }}',
      ),
      postgres(
        '        env: { POSTGRES_USER: app }\n        options: >-\n          --health-cmd "pg_isready -U app -d app"\n          --health-interval 10s\n',
      ) + '    strategy:\n      matrix: { python: ["3.10", "3.12"] }\n',
    )}`,
  ],
  [
    'docker compose from its start to its end',
    workflow(
      run(
        'docker compose up -d --wait db\ndocker compose run --rm web python manage.py migrate --noinput\ndocker compose exec -T db psql -U app -v ON_ERROR_STOP=1 -f /seed.sql\ndocker compose down -v || true',
      ),
    ),
    {
      'compose.yaml':
        'services:\n  db: { image: "postgres:16" }\n  web:\n    build: .\n    depends_on: [db]\n    command: gunicorn shop.wsgi\n',
    },
  ],
  [
    'a job whose pipes fail',
    `defaults:\n  run:\n    shell: bash\n${workflow(run('python manage.py migrate | tee log'))}`,
  ],
];

describe('faults of workflow files in other spellings', () => {
  for (const [name, text, code, at, subject = {}] of faults)
    it(`${code}: ${name}`, async () => {
      const findings = await findIn(text);
      assert.deepEqual(
        findings.map((finding) => finding.code),
        [code],
        JSON.stringify(findings, null, 2),
      );
      const [{ place, subject: about }] = findings as [(typeof findings)[number]];
      const source = text.split('\n')[(place?.line ?? 0) - 1] ?? '';
      const column = (place?.column ?? 0) - 1;
      assert.equal(source.slice(column, column + at.length), at);
      assert.deepEqual({ ...about, ...subject }, about);
    });

  for (const [name, text, more] of healthy)
    it(`nothing is wrong with ${name}`, async () => {
      assert.deepEqual(await findIn(text, more), []);
    });
});

describe('reading shell scripts', () => {
  const read = (script: string): readonly (readonly [string, string, string | undefined])[] =>
    parseShell(script).map(({ words, operator, heredoc }) => [
      words.map(({ text }) => text).join(' '),
      operator,
      heredoc,
    ]);

  it('takes redirections for no operators', () => {
    assert.deepEqual(read('a 2>&1 | b &>> c & d >| e <&3'), [
      ['a 2>&1', '|', undefined],
      ['b &>> c', '&', undefined],
      ['d >| e <&3', '', undefined],
    ]);
  });

  it('gives here documents to the commands that read them', () => {
    assert.deepEqual(read("psql <<SQL | tee log\nselect 1;\nSQL\ncat <<'A' && cat <<B\na\nA\nb\nB\nc"), [
      ['psql', '|', 'select 1;\n'],
      ['tee log', '\n', undefined],
      ['cat', '&&', 'a\n'],
      ['cat', '\n', 'b\n'],
      ['c', '', undefined],
    ]);
  });
});
