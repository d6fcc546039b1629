import assert from 'node:assert/strict';
import { bootstrap } from '../../support/command.js';
import { makeFolder } from '../../support/folder.js';

interface Found {
  readonly findings: readonly {
    readonly code: string;
    readonly at: string | null;
    readonly subject: Readonly<Record<string, string>>;
  }[];
}

describe('rules about commands of the config', function () {
  this.timeout(30_000);

  const doctor = async (config: string): Promise<Found['findings']> => {
    const project = makeFolder({ '.bootstraprc': config });
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
  });

  it('say nothing of commands that are as they should be', async () => {
    const findings = await doctor(`database: none
tasks:
  build: { use: command, run: make || true }
  seed: { use: command, run: python manage.py seed }
`);
    assert.deepEqual(findings, []);
  });
});
