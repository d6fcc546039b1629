import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findFiles, isPlainPath } from '../../tasks/glob.js';

describe('findFiles', () => {
  let root: string;

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'dbb-glob-'));
    for (const file of [
      'a.sql',
      'b.SQL',
      'c+d.sql',
      '.hidden.sql',
      'sql/1.sql',
      'sql/deep/2.sql',
      'sql/deep/2.txt',
      'sql/.secret/3.sql',
      'node_modules/x/4.sql',
      '.venv/5.sql',
      'werk/ä b.sql',
      'pages/[id].tsx',
      'pages/i.tsx',
    ]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
    }
    symlinkSync(join(root, 'a.sql'), join(root, 'link.sql'));
    symlinkSync(join(root, 'sql'), join(root, 'loop'));
    mkdirSync(join(root, 'odd'));
    writeFileSync(join(root, 'odd/file'), '');
    symlinkSync(join(root, 'sql'), join(root, 'odd/folder'));
    symlinkSync(join(root, 'odd/nothing'), join(root, 'odd/broken'));
    execFileSync('mkfifo', [join(root, 'odd/pipe')]);
  });

  after(() => rmSync(root, { recursive: true }));

  const cases: [string, string[], string[]][] = [
    ['a plain path', ['a.sql'], ['a.sql']],
    ['a path with a dot in front', ['./sql/1.sql'], ['sql/1.sql']],
    ['a star in one folder', ['*.sql'], ['a.sql', 'c+d.sql', 'link.sql']],
    ['letters of the pattern literally', ['c+d.sq?'], ['c+d.sql']],
    ['two stars at any depth', ['sql/**/*.sql'], ['sql/1.sql', 'sql/deep/2.sql']],
    ['a folder alone', ['sql'], ['sql/1.sql', 'sql/deep/2.sql', 'sql/deep/2.txt']],
    ['two stars at the end', ['sql/deep/**'], ['sql/deep/2.sql', 'sql/deep/2.txt']],
    ['alternatives', ['sql/deep/2.{sql,txt}'], ['sql/deep/2.sql', 'sql/deep/2.txt']],
    ['sets', ['[ab].sql'], ['a.sql']],
    ['sets turned round', ['[!ab]*.sql'], ['c+d.sql', 'link.sql']],
    ['exceptions', ['sql/**', '!**/*.txt'], ['sql/1.sql', 'sql/deep/2.sql']],
    ['hidden names where they are named', ['.*.sql'], ['.hidden.sql']],
    ['skipped folders where they are named', ['node_modules/x/*.sql'], ['node_modules/x/4.sql']],
    ['names beyond ASCII', ['w?rk/? b.sql'], ['werk/ä b.sql']],
    ['what is written literally', ['pages/[id].tsx'], ['pages/[id].tsx', 'pages/i.tsx']],
    ['nothing in a set that is empty', ['pages/[z-a].tsx', '[[:x].sql', '[a'], []],
    [
      'files and links to files or nothing, no pipes and no links to folders',
      ['odd', 'odd/*'],
      ['odd/broken', 'odd/file'],
    ],
    ['nothing', ['nothing/*.sql'], []],
  ];
  for (const [name, patterns, expected] of cases) {
    it(`finds ${name}`, async () => assert.deepEqual(await findFiles(root, patterns), expected));
  }

  it('looks into no dependency, hidden folder or linked folder by itself', async () => {
    assert.deepEqual(await findFiles(root, ['**/*.sql']), [
      'a.sql',
      'c+d.sql',
      'link.sql',
      'sql/1.sql',
      'sql/deep/2.sql',
      'werk/ä b.sql',
    ]);
  });

  it('finds files above the root, and absolute ones', async () => {
    const below = join(root, 'sql');
    assert.deepEqual(await findFiles(below, ['../*.SQL', './../a.sql', '1.sql']), [
      '../b.SQL',
      './../a.sql',
      '1.sql',
    ]);
    assert.deepEqual(await findFiles(below, [join(root, '[a].sql')]), [join(root, 'a.sql')]);
  });

  it('tells plain paths from patterns', () => {
    assert.equal(isPlainPath('sql/1.sql'), true);
    assert.equal(isPlainPath('sql/*.sql'), false);
  });
});
