import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Which rooms a room may import, beside itself. `config/define` and `config types` are named apart from the rest of config. */
const arrows: Record<string, readonly string[]> = {
  'lib/text': [],
  'lib/errors': ['lib/text'],
  'lib/graph': ['lib/text', 'lib/errors'],
  'lib/process': ['lib/text', 'lib/errors'],
  'lib/postgres': ['lib/text', 'lib/errors', 'lib/process'],
  'lib/django': ['lib/text', 'lib/errors', 'lib/process'],
  config: ['lib/text', 'lib/errors', 'lib/graph'],
  'lib/run': ['lib/text', 'lib/errors', 'lib/graph', 'lib/process', 'lib/postgres', 'config types'],
  'lib/fleet': ['lib/text', 'lib/errors', 'lib/postgres', 'lib/django'],
  tasks: [
    'lib/text',
    'lib/errors',
    'lib/postgres',
    'lib/django',
    'lib/fleet',
    'config/define',
    'config types',
  ],
  'lib/report': ['lib/text', 'lib/errors', 'lib/run types', 'config types', 'lib/graph'],
  'lib/diagnose': ['lib/text', 'lib/errors', 'lib/postgres', 'lib/django', 'lib/fleet', 'config types'],
  'lib/cli': ['*'],
  lib: ['*'],
  bin: ['lib/cli'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const root = process.cwd();

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}

function roomOf(file: string): string {
  const [first = '', second] = file.split('/');
  if (first !== 'lib') return first;
  return second === undefined || second.endsWith('.ts') ? 'lib' : `lib/${second}`;
}

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const tree = ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const add = (specifier: string, typeOnly: boolean): void => {
    if (!specifier.startsWith('.')) return;
    const target = relative(root, resolve(root, dirname(file), specifier)).replace(/\.js$/, '.ts');
    found.push({ file, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node.moduleSpecifier.text, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) add(argument.text, false);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      add(node.argument.literal.text, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function allowed({ file, target, typeOnly }: Import): boolean {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === to) return true;
  const rules = arrows[from] ?? [];
  if (rules.includes('*') || rules.includes(to)) return true;
  if (rules.includes(target.replace(/\.ts$/, ''))) return true;
  return typeOnly && rules.includes(`${to} types`);
}

describe('the arrows of the house', () => {
  const all = ['bin', 'config', 'lib', 'tasks'].flatMap(sources).flatMap(importsOf);

  it('finds the imports at all', () => {
    assert.ok(all.some(({ file, target }) => file === 'bin/db-bootstrap.ts' && target === 'lib/cli/main.ts'));
    assert.ok(all.some(({ typeOnly }) => typeOnly));
  });

  it('each room imports only what may stand behind it', () => {
    const forbidden = all.filter((each) => !allowed(each)).map(({ file, target }) => `${file} → ${target}`);
    assert.deepEqual(forbidden, []);
  });

  it('rooms are entered through their index', () => {
    // Errors are on the start-up path of --help, where one small file is imported instead of the room.
    const sideDoors = all.filter(
      ({ file, target, typeOnly }) =>
        !typeOnly &&
        roomOf(file) !== roomOf(target) &&
        /^lib\/[^/]+\//.test(target) &&
        !target.endsWith('/index.ts') &&
        !['bin', 'lib/cli'].includes(roomOf(file)),
    );
    assert.deepEqual(
      sideDoors.map(({ file, target }) => `${file} → ${target}`),
      [],
    );
  });

  it('no built-in kind is known to the engine', () => {
    const named = all.filter(
      ({ file, target }) => roomOf(target) === 'tasks' && !['tasks', 'lib/cli'].includes(roomOf(file)),
    );
    assert.deepEqual(named, []);
  });
});
