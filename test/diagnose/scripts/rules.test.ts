import assert from 'node:assert/strict';
import { bootstrap } from '../../support/command.js';
import { makeFolder } from '../../support/folder.js';

interface Found {
  readonly findings: readonly {
    readonly code: string;
    readonly at: string | null;
    readonly subject: Readonly<Record<string, string>>;
    readonly message: string;
    readonly evidence: readonly string[];
    readonly help: string;
  }[];
}

describe('rules about commands of the config', function () {
  this.timeout(30_000);

  const doctor = async (config: string, files: Record<string, string> = {}): Promise<Found['findings']> => {
    const project = makeFolder({ '.bootstraprc': config, ...files });
    try {
      const { stdout, stderr } = await bootstrap(['doctor', '--json'], { cwd: project.folder, env: {} });
      assert.notEqual(stdout, '', stderr);
      return (JSON.parse(stdout) as Found).findings;
    } finally {
      project.remove();
    }
  };

  it('find in a task what they find in a workflow file, at its line', async () => {
    const findings = await doctor(`database: none
tasks:
  migrate:
    use: command
    run: python manage.py migrate_schemas --tenant acme || true
  off:
    use: command
    enabled: false
    run: python manage.py migrate || true
`);
    assert.deepEqual(
      findings.map(({ code, at, subject }) => [code, at, subject.task]),
      [
        ['DBB6078', '.bootstraprc:5:5', 'migrate'],
        ['DBB5030', '.bootstraprc:5:5', 'migrate'],
      ],
    );
    assert.deepEqual(
      findings.map(({ help }) => help),
      [
        'name the schema by --schema: "migrate_schemas --schema=acme"',
        'remove what hides it: no failure of it is harmless',
      ],
    );
  });

  it('read lists of words, and shells that go on after failures', async () => {
    const findings = await doctor(`database: none
tasks:
  listed: { use: command, run: [python, manage.py, migrate_schemas, --tenant, acme] }
  lines:
    use: command
    run: |
      python manage.py loaddata seed
      python manage.py reindex
  inner: { use: command, run: [sh, -ec, "python manage.py createsuperuser || true"] }
`);
    assert.deepEqual(
      findings.map(({ code, subject }) => [code, subject.task, subject.command ?? subject.value]),
      [
        ['DBB6078', 'listed', 'acme'],
        ['DBB5030', 'lines', 'loaddata'],
        ['DBB5030', 'inner', 'createsuperuser'],
      ],
    );
  });

  for (const [preset, run, repeats, help] of [
    ['django-tenants', 'migrate_schemas --noinput', 'shared, tenant-migrations', 'tenant-migrations'],
    ['django-tenants', 'migrate', 'shared, tenant-migrations', 'tenant-migrations'],
    ['django', 'migrate', 'migrate', 'migrate'],
  ] as const)
    it(`find a command that does again what the preset does: ${run} with ${preset}`, async () => {
      const [finding, ...others] = (
        await doctor(`preset: ${preset}
database: postgres://nobody@127.0.0.1:1/none
tasks:
  again: { use: command, run: python manage.py ${run} }
`)
      ).filter(({ code }) => code === 'DBB6040');
      assert.deepEqual(others, []);
      assert.deepEqual(finding?.subject, { task: 'again', repeats });
      assert.equal(finding.help, `remove the command, and let what needs it need "${help}"`);
      assert.match(finding.evidence.join('\n'), /its cost comes twice/);
      assert.equal(finding.at, '.bootstraprc:4:26');
    });

  it('find two commands of which one repeats the other, and no command that migrates a part', async () => {
    const repeated = async (config: string): Promise<readonly (readonly unknown[])[]> =>
      (await doctor(config))
        .filter(({ code }) => code === 'DBB6040')
        .map(({ subject, help }) => [subject, help]);
    assert.deepEqual(
      await repeated(`database: none
tasks:
  one: { use: command, run: python manage.py migrate }
  two: { use: command, run: python manage.py migrate_schemas }
`),
      [
        [
          { task: 'two', repeats: 'migrate' },
          'remove "migrate", and keep "migrate_schemas --shared" and "migrate_schemas --tenant"',
        ],
      ],
    );
    assert.deepEqual(
      await repeated(`preset: django-tenants
database: postgres://nobody@127.0.0.1:1/none
tasks:
  one: { use: command, run: python manage.py migrate_schemas --schema=acme }
  app: { use: command, run: python manage.py migrate sites }
  ask: { use: command, run: python manage.py migrate --check }
  other: { use: command, run: python manage.py migrate --database=audit }
  off: { use: command, enabled: false, run: python manage.py migrate }
`),
      [],
    );
  });

  it('follow what the commands start, to the line of its own file', async () => {
    const findings = await doctor(
      `database: none
tasks:
  script: { use: command, run: npm run seed }
  services: { use: command, run: docker compose up -d }
`,
      {
        'package.json': '{\n  "scripts": { "seed": "python manage.py loaddata seed || true" }\n}\n',
        'compose.yaml':
          'services:\n  load:\n    command: ["sh", "-c", "python manage.py loaddata more || true"]\n',
      },
    );
    assert.deepEqual(
      findings.map(({ code, at, subject }) => [code, at, subject.script ?? subject.service]),
      [
        ['DBB5030', 'compose.yaml:3:62', 'load'],
        ['DBB5030', 'package.json:2:59', 'seed'],
      ],
    );
  });

  it('say nothing of commands that are as they should be', async () => {
    const findings = await doctor(`database: none
tasks:
  build: { use: command, run: make || true }
  seed: { use: command, run: python manage.py seed }
  lines: { use: command, run: "set -e; python manage.py loaddata seed; python manage.py reindex" }
  chain: { use: command, run: "cd backend && python manage.py loaddata seed && python manage.py reindex" }
`);
    assert.deepEqual(findings, []);
  });
});
