import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, load, problemsOf, shown } from './project.js';

const yaml = 'concurrency: 7\ndatabase: none\n';
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const said = async (folder: string, file?: string): Promise<readonly string[]> =>
  (await problemsOf(folder, file === undefined ? {} : { file })).map((problem) =>
    shown(problem)[0].trimEnd(),
  );

describe('a package.json', () => {
  const broken: readonly (readonly [title: string, content: Buffer, said: string])[] = [
    [
      'does not parse',
      bytes('{ "name": "x", }\n'),
      'DBB2002 package.json:1:16 [}] this package.json, which may hold the config, is not valid JSON: no comma may stand before "}"',
    ],
    [
      'does not parse, with a text at our key',
      bytes('{ "name": x, "bootstrap": "sql" }\n'),
      'DBB2002 package.json:1:11 [x] this package.json, which may hold the config, is not valid JSON: "x" is no JSON',
    ],
    [
      'is empty',
      bytes(''),
      'DBB2002 package.json:1:1 [] this package.json, which may hold the config, is not valid JSON: a value must stand here',
    ],
    [
      'is UTF-16',
      Buffer.from('\ufeff{ "name": "x" }', 'utf16le'),
      'DBB2018 package.json the config file could not be read: it is not UTF-8',
    ],
    [
      'is UTF-16 without a mark',
      Buffer.from('{ "name": "x" }', 'utf16le'),
      'DBB2018 package.json:1:2 [\0] the config file could not be read: it holds a zero byte, as a file in UTF-16 does',
    ],
    [
      'holds bytes that are none of UTF-8',
      bytes('{ "name": "', [0xff], '" }'),
      'DBB2018 package.json the config file could not be read: it is not UTF-8',
    ],
  ];
  for (const [title, content, problem] of broken) {
    it(`that ${title} is told as that, where nothing else is a config`, async () => {
      const folder = folderOf({ 'package.json': '', 'below/.keep': '' });
      writeFileSync(join(folder, 'package.json'), content);
      assert.deepEqual(await said(folder), [problem]);
      assert.deepEqual(await said(join(folder, 'below')), [
        problem.replace('package.json', '../package.json'),
      ]);
    });

    it(`that ${title} does not hinder a config beside it`, async () => {
      const folder = folderOf({ 'package.json': '', '.bootstraprc': yaml });
      writeFileSync(join(folder, 'package.json'), content);
      assert.equal((await load(folder)).concurrency, 7);
    });
  }

  it('that is a folder, or a link to itself, is told as that', async () => {
    const folder = folderOf({ '.keep': '' });
    mkdirSync(join(folder, 'package.json'));
    assert.deepEqual(await said(folder), [
      'DBB2018 package.json the config file could not be read: it is a folder',
    ]);
    const loop = folderOf({ '.keep': '' });
    symlinkSync('package.json', join(loop, 'package.json'));
    assert.deepEqual(await said(loop), [
      'DBB2018 package.json the config file could not be read: the link leads to itself',
    ]);
  });
});

describe('what has the name of a config', () => {
  it('is told where it is a link to nothing, and no other config holds in its place', async () => {
    const folder = folderOf({ 'bootstrap.config.mjs': 'export default { concurrency: 7 };\n' });
    symlinkSync('gone.yaml', join(folder, '.bootstraprc.yaml'));
    assert.deepEqual(await said(folder), [
      'DBB2018 .bootstraprc.yaml the config file could not be read: the link leads to nothing',
    ]);
  });

  it('is read through a link', async () => {
    const folder = folderOf({ 'shared/base.yaml': yaml });
    symlinkSync('shared/base.yaml', join(folder, '.bootstraprc.yaml'));
    assert.equal((await load(folder)).concurrency, 7);
  });

  it('is passed over where it is a folder, and named where nothing else is found', async () => {
    const folder = folderOf({ 'below/.keep': '' });
    mkdirSync(join(folder, '.bootstraprc.yaml'));
    writeFileSync(join(folder, 'package.json'), '{}');
    const [problem] = await problemsOf(join(folder, 'below'));
    assert.equal(problem?.code, 'DBB2001');
    assert.deepEqual(problem.notes, [
      { label: 'passed over', text: '../.bootstraprc.yaml, which is a folder' },
    ]);
    writeFileSync(join(folder, 'bootstrap.config.mjs'), 'export default { concurrency: 7 };\n');
    assert.equal((await load(folder)).concurrency, 7);
  });

  it('is told where it holds a zero byte, with the place of that', async () => {
    const folder = folderOf({ '.bootstraprc': 'concurrency: 2\nenv: { A: "x\0y" }\n' });
    assert.deepEqual(await said(folder), [
      'DBB2018 .bootstraprc:2:13 [\0] the config file could not be read: it holds a zero byte, as a file in UTF-16 does',
    ]);
  });

  it('is told where --config names nothing', async () => {
    assert.deepEqual(await said(folderOf({ '.bootstraprc': yaml }), ''), [
      'DBB2018 --config --config names no file',
    ]);
  });
});

describe('an env file', () => {
  it('that is no text is told as that', async () => {
    const folder = folderOf({
      '.bootstraprc': 'envFile: [folder, a.env, b.env, c.env]\ndatabase: none\n',
      'b.env': 'A=1\nB=\0\n',
      'c.env': 'A=1\n',
      'folder/.keep': '',
    });
    writeFileSync(join(folder, 'a.env'), bytes('A=', [0xff], '\n'));
    assert.deepEqual(await said(folder), [
      'DBB2016 .bootstraprc:1:11 [folder] the env file "folder" could not be read: it is a folder',
      'DBB2016 .bootstraprc:1:19 [a.env] the env file "a.env" could not be read: it is not UTF-8',
      'DBB2016 b.env:2:3 [\0] the env file "b.env" could not be read: it holds a zero byte, as a file in UTF-16 does',
    ]);
  });
});
