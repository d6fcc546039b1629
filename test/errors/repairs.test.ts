import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../lib/errors/index.js';

/** What a person may copy out of a help: a command of a program, or a statement. */
const executable =
  /\brun: |"(?:db-bootstrap|python manage\.py|chmod|npm) |(?:^|: )(?:db-bootstrap|npm|psql|rm|iconv|sed) |(?:^|[:,"'`] ?)(?:alter|create|delete from|drop|GRANT|insert into|reindex|select|update) [^…]*(?:;|\$\{[^}]*\})/;

/** Where each is executed from the state that provokes it, until the fault is gone. */
const executed: Readonly<Record<string, readonly string[]>> = {
  'e2e/check-repairs': [
    'lib/fleet/row-without-schema.ts#rowWithoutSchema',
    'tasks/checks/constraints.ts#finding',
    'tasks/checks/content-types.ts#findingsOf',
    'tasks/checks/difference-findings.ts#finding',
    'tasks/checks/extensions.ts#checkExtensions',
    'tasks/checks/foreign-keys.ts#crossing',
    'tasks/checks/indexes.ts#helpOf',
    'tasks/checks/object-statements.ts#columnStatements',
    'tasks/checks/object-statements.ts#createStatement',
    'tasks/checks/object-statements.ts#dropStatement',
    'tasks/checks/object-statements.ts#repairStatements',
    'tasks/checks/orphans.ts#finding',
    'tasks/checks/sequences.ts#finding',
  ],
  'e2e/script-repairs': [
    'lib/diagnose/server/left-proofs.ts#leftProofs',
    'tasks/applied.ts#mismatchProblem',
    'tasks/command/unstartable.ts#unixLines',
    'tasks/command/unstartable.ts#whyUnstartable',
    'tasks/encoding.ts#converted',
    'tasks/init/refuse.ts#otherServer',
  ],
  'e2e/db': ['lib/cli/session.ts#noDatabase', 'lib/postgres/embedded/problems.ts#notRunning'],
  'e2e/ledger': ['lib/run/ledger/trusted.ts#refusal'],
  'e2e/resume': ['lib/cli/resume.ts#resumed'],
  'diagnose/failure/exists': ['lib/diagnose/failure/exists.ts#repair'],
  'diagnose/failure/renames': ['lib/diagnose/failure/exists.ts#statementFor'],
  'diagnose/failure/sessions': [
    'lib/diagnose/failure/rights.ts#explainContainer',
    'lib/diagnose/failure/rights.ts#explainRelation',
    'lib/diagnose/failure/sessions.ts#explainFull',
    'lib/diagnose/failure/sessions.ts#explainLock',
  ],
  'diagnose/failure/settings': ['lib/diagnose/server/setting-origin.ts#reset'],
  'diagnose/failure/statements': [
    'lib/diagnose/failure/extensions.ts#explainMissingRoutine',
    'lib/diagnose/failure/extensions.ts#explainPlaced',
    'lib/diagnose/failure/references.ts#explainMissingRow',
    'lib/diagnose/failure/references.ts#explainNull',
  ],
  'diagnose/failure/untold': ['lib/diagnose/failure/untold.ts#explainHistory'],
  'diagnose/project/moved-apps': ['lib/diagnose/project/moved-apps.ts#diagnosisOf'],
  'diagnose/project/relabelled-apps': ['lib/diagnose/project/relabelled-apps.ts#renaming'],
  'diagnose/server/rights': ['lib/diagnose/server/privileges.ts#privileges'],
  'tasks/check-drift': ['tasks/checks/drift.ts#helpOf'],
  'tasks/check-duplicates': ['tasks/checks/duplicates.ts#finding', 'tasks/checks/duplicates.ts#repairOf'],
  'tasks/check-foreign-keys': ['tasks/checks/foreign-keys.ts#danglingFinding'],
  'tasks/check-roles': ['tasks/checks/roles.ts#findingsOf'],
  'tasks/check-tables': [
    'lib/django/migration-advice.ts#migrationAdvice',
    'lib/django/migration-advice.ts#packageAdvice',
    'tasks/checks/missing-table.ts#migrateHelp',
    'tasks/checks/missing-table.ts#recordedButMissing',
  ],
};

/** Why the others are not: what a person has to choose, write or own first. */
const left: Readonly<Record<string, readonly string[]>> = {
  'it shows a text, and changes nothing': [
    'lib/cli/db.ts#dbCommand',
    'lib/cli/explain.ts#codeOf',
    'lib/cli/help.ts#unknownCommand',
    'lib/cli/init/command.ts#exists',
    'lib/cli/record.ts#recordCommand',
    'lib/cli/usage.ts#usageProblem',
    'lib/diagnose/project/load.ts#withEvidence',
    'lib/postgres/embedded/psql.ts#notFound',
  ],
  'it asks what only a person knows, in a terminal': ['lib/django/host-problem.ts#helpFor'],
  'the same command as that of the check "tables"': ['lib/diagnose/project/tenant-models.ts#notMixed'],
  'a person corrects something first, in the project, in the config or in rows': [
    'lib/diagnose/ci/read-workflow.ts#faultOf',
    'lib/diagnose/failure/exists.ts#explainStatement',
    'lib/diagnose/failure/extensions.ts#explainMissingRole',
    'lib/diagnose/failure/login.ts#explainLogin',
    'lib/diagnose/failure/login.ts#explainRole',
    'lib/diagnose/failure/missing-schema.ts#explainDropped',
    'lib/diagnose/failure/missing-schema.ts#explainMissingSchema',
    'tasks/checks/tables.ts#nowhere',
    'tasks/checks/tenants.ts#checkConfigured',
    'tasks/migrations/apply.ts#withWayOn',
    'tasks/migrations/fleet-end.ts#failed',
    'tasks/sql/run-piece.ts#enter',
  ],
  'it is for who owns the server, or throws its data away': [
    'lib/diagnose/failure/rights.ts#explainCreation',
    'lib/diagnose/server/setting-origin.ts#originOf',
    'lib/postgres/embedded/connect.ts#answers',
    'lib/postgres/embedded/data.ts#checkMajor',
    'lib/postgres/embedded/package.ts#missingPlatform',
    'lib/postgres/embedded/start.ts#bringUp',
    'lib/postgres/embedded/data.ts#removeEmpty',
    'lib/postgres/problem-of.ts#ofServer',
    'tasks/checks/orphans.ts#hiddenRows',
  ],
};

describe('commands and statements in helps', () => {
  it('are each executed in a test, or say why not', () => {
    const printed = printing();
    const listed = [...Object.values(executed), ...Object.values(left)].flat();
    assert.deepEqual(
      printed.filter((place) => !listed.includes(place)),
      [],
      'neither executed nor left',
    );
    assert.deepEqual(
      listed.filter((place) => !printed.includes(place)),
      [],
      'listed, and not printed',
    );
    const tests = Object.keys(executed).map((test) => join(packageRoot(), 'test', `${test}.test.ts`));
    assert.deepEqual(
      tests.filter((test) => !existsSync(test)),
      [],
    );
  });
});

/** "file#function" of each help in the source that holds something executable. */
function printing(): readonly string[] {
  const root = packageRoot();
  const files = ['lib', 'tasks'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${room}/${name}`),
  );
  const places = new Set<string>();
  for (const file of files.sort()) {
    const text = readFileSync(join(root, file), 'utf8');
    if (!/help|repair|shellWord/i.test(text)) continue;
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), '', false, (name) =>
      places.add(`${file}#${name}`),
    );
  }
  return [...places];
}

/** Passes through a source; `help` says that a text there is of a help. */
function visit(node: ts.Node, name: string, help: boolean, found: (name: string) => void): void {
  const named = (text: string): boolean =>
    /help|repair|reset|statement|renaming|advice|unixLines|converted/i.test(text);
  if (ts.isFunctionDeclaration(node)) [name, help] = [node.name?.text ?? name, named(node.name?.text ?? '')];
  if (ts.isVariableDeclaration(node)) {
    if (name === '') name = node.name.getText();
    help ||= named(node.name.getText());
  }
  if (ts.isPropertyAssignment(node))
    help = node.name.getText() === 'help' || (help && node.name.getText() !== 'message');
  const isText =
    ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
  if (help && isText && executable.test(node.getText().slice(1, -1))) found(name);
  ts.forEachChild(node, (child) => visit(child, name, help, found));
}
