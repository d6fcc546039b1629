import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
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
  it('with a mistake is the config only where it has our key', async () => {
    const ours = { 'package.json': '{ "name": x, "bootstrap": { "concurency": 7 } }\n' };
    assert.deepEqual(await said(folderOf(ours)), [
      'DBB2003 package.json:1:29 ["concurency"] unknown key "concurency"',
    ]);
    const other = folderOf({ 'package.json': '{ "name": "x", }\n', '.bootstraprc': yaml });
    assert.equal((await load(other)).concurrency, 7);
  });

  it('that is empty, or a folder, is not a config', async () => {
    const folder = folderOf({ 'package.json/.keep': '', '.bootstraprc': yaml });
    assert.equal((await load(folder)).concurrency, 7);
    assert.deepEqual(await said(folderOf({ 'package.json': '' })), [
      'DBB2006 package.json the config is empty',
    ]);
  });
});

describe('what has the name of a config', () => {
  it('is told where it is a link to nothing, and no other config holds in its place', async () => {
    const folder = folderOf({ 'bootstrap.config.mjs': 'export default { concurrency: 7 };\n' });
    symlinkSync('gone.yaml', join(folder, '.bootstraprc.yaml'));
    assert.deepEqual(await said(folder), [
      'DBB2018 .bootstraprc.yaml the config file could not be read: it does not exist',
    ]);
  });

  it('is read through a link', async () => {
    const folder = folderOf({ 'shared/base.yaml': yaml });
    symlinkSync('shared/base.yaml', join(folder, '.bootstraprc.yaml'));
    assert.equal((await load(folder)).concurrency, 7);
  });

  it('is ignored where it is a folder', async () => {
    const folder = folderOf({
      '.bootstraprc.yaml/.keep': '',
      'bootstrap.config.mjs': 'export default { concurrency: 7 };\n',
    });
    assert.equal((await load(folder)).concurrency, 7);
  });

  it('is refused where it is a pipe, found or named', async () => {
    const folder = folderOf({ 'bootstrap.config.mjs': 'export default { concurrency: 7 };\n' });
    execFileSync('mkfifo', [join(folder, '.bootstraprc')]);
    const problem = 'DBB2018 .bootstraprc the config file could not be read: it is not a regular file';
    assert.deepEqual(await said(folder), [problem]);
    assert.deepEqual(await said(folder, '.bootstraprc'), [problem]);
  });

  it('is refused where it holds a zero byte', async () => {
    const folder = folderOf({ '.bootstraprc': 'concurrency: 2\nenv: { A: "x\0y" }\n' });
    assert.deepEqual(await said(folder), [
      'DBB2018 .bootstraprc the config file could not be read: it holds a zero byte, as a file in UTF-16 does',
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
      'DBB2016 .bootstraprc:1:26 [b.env] the env file "b.env" could not be read: it holds a zero byte, as a file in UTF-16 does',
    ]);
  });
});
