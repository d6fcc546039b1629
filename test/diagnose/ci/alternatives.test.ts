import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ciRules, examine, type Finding } from '../../../lib/diagnose/index.js';
import { examineProject } from '../../support/django-project.js';

const findingsOf = async (text: string): Promise<readonly Finding[]> => {
  const root = mkdtempSync(join(tmpdir(), 'dbb-ci-'));
  const path = join(root, 'ci.yml');
  writeFileSync(path, text);
  try {
    const signal = new AbortController().signal;
    return (await examine({ root, env: {}, workflowFiles: [path], signal }, ciRules)).findings;
  } finally {
    rmSync(root, { recursive: true });
  }
};
const job = (script: string): string =>
  `jobs:\n  test:\n    steps:\n      - run: |\n${script.replace(/^/gm, '          ')}\n`;
const codesOf = async (script: string): Promise<readonly string[]> =>
  (await findingsOf(job(script))).map(({ code }) => code);

const manage = 'python manage.py';

describe('commands of which only one runs', () => {
  const alternatives: readonly (readonly [name: string, script: string, codes: readonly string[]])[] = [
    [
      'the branches of an if',
      `if [ -n "$TENANTS" ]; then\n  ${manage} migrate_schemas\nelse\n  ${manage} migrate\nfi`,
      [],
    ],
    [
      'three branches',
      `if a; then ${manage} migrate_schemas; elif b; then echo; else ${manage} migrate; fi`,
      [],
    ],
    [
      'the ways of a case',
      `case "$MODE" in\n  tenants) ${manage} migrate_schemas ;;\n  *) ${manage} migrate ;;\nesac`,
      [],
    ],
    ['both behind an if', `if a; then b; fi\n${manage} migrate\n${manage} migrate_schemas`, ['DBB6040']],
    [
      'both in one branch',
      `if a; then ${manage} migrate; ${manage} migrate_schemas; else b; fi`,
      ['DBB6040'],
    ],
    ['a || b, which hides the failure of a', `${manage} migrate_schemas || ${manage} migrate`, ['DBB5030']],
    ['the same again, which is another try', `${manage} migrate || ${manage} migrate`, []],
    [
      'brackets that hide it',
      `(cd app && ${manage} migrate_schemas) || ${manage} migrate\necho done`,
      ['DBB5030'],
    ],
  ];
  for (const [name, script, codes] of alternatives)
    it(`reads ${name}`, async () => assert.deepEqual(await codesOf(script), codes));
});

describe('failures that are hidden in less common ways', () => {
  for (const script of [
    `${manage} shell < seed.py || echo "seeded already"`,
    `${manage} shell -c "from shop import seed" || true`,
    `python -c "import django; django.setup(); from app.models import A; A.objects.create()" || true`,
    `OUT=$(${manage} migrate || true)\necho "$OUT"`,
    `OUT=\`${manage} migrate || true\``,
    `echo "$(${manage} loaddata base || echo no)"`,
    `COUNT="$(psql -U app -c 'select count(*) from a' || true)"\ntest "$COUNT" = 1`,
  ])
    it(script.split('\n', 1)[0] ?? '', async () => assert.deepEqual(await codesOf(script), ['DBB5030']));
  for (const script of [
    `${manage} shell < seed.py`,
    `python -c "import sys; print(sys.version)" || true`,
    `OUT=$(${manage} migrate)`,
    `echo '$(${manage} migrate || true)'`,
    `N=$(( 1 || 0 ))`,
  ])
    it(`is content with ${script}`, async () => assert.deepEqual(await codesOf(script), []));
});

describe('a workflow file of which no job runs', () => {
  for (const [text, message] of [
    ['', 'it has no jobs'],
    ['on: push\nenv: { A: b }\n', 'it has no jobs'],
    ['on: push\njobs:\n', 'it has no jobs'],
    ['- jobs\n', 'it has no jobs'],
    ['jobs:\n  a:\n    steps: [\n', 'it is not valid YAML: '],
    ['jobs:\n\ta: 1\n', 'it is not valid YAML: '],
  ] as const)
    it(`is an error at its place: ${JSON.stringify(text)}`, async () => {
      const [finding, ...others] = await findingsOf(text);
      assert.deepEqual(others, []);
      assert.equal(finding?.code, 'DBB1010');
      assert.equal(finding.severity, undefined);
      assert.ok(finding.message.startsWith(`GitHub runs no job of "ci.yml": ${message}`), finding.message);
      assert.equal(finding.place?.file, 'ci.yml');
      assert.ok((finding.place.line ?? 0) > 0);
    });
});

describe('commands that Django does not know with these settings', () => {
  it('names each command of django_tenants in a project that does not install it, and no other settings', async () => {
    const { findings } = await examineProject(
      ciRules,
      (files) =>
        files.write(
          '.github/workflows/ci.yml',
          `jobs:\n  test:\n    steps:\n      - run: ${manage} migrate_schemas\n      - run: ${manage} create_tenant --noinput\n      - run: ${manage} tenant_command loaddata x --settings=shop.settings.other\n      - run: ${manage} migrate\n        env: { DJANGO_SETTINGS_MODULE: shop.settings.other }\n`,
        ),
      {
        kind: 'plain',
        evidence: (root) => Promise.resolve({ workflowFiles: [join(root, '.github/workflows/ci.yml')] }),
      },
    );
    assert.deepEqual(
      findings.filter(({ code }) => code === 'DBB6028').map(({ subject, help }) => [subject.command, help]),
      [
        ['migrate_schemas', 'run "migrate", or name settings that install django_tenants by --settings'],
        [
          'create_tenant',
          'remove "create_tenant", or name settings that install django_tenants by --settings',
        ],
      ],
    );
  });
});
