import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findInterpreter, findSettings } from '../../lib/django/index.js';
import type { BootstrapError } from '../../lib/errors/index.js';
import { rejection } from '../support/rejection.js';

describe('finding the project', () => {
  let root: string;
  let directory: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'db-bootstrap-find-'));
    directory = join(root, 'backend');
    mkdirSync(directory);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const program = (path: string, text = 'exit 1'): string => {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return full;
  };
  const found = async (env: Record<string, string> = {}, python?: string): Promise<string> =>
    (await findInterpreter({ python, directory, root, env })).path;

  it('takes the nearest interpreter, the configured one first', async () => {
    const PATH = join(root, 'bin');
    const last = program('bin/python');
    assert.equal(await found({ PATH }), last);
    const better = program('bin/python3');
    assert.equal(await found({ PATH }), better);
    const pipenv = program('envs/p/bin/python');
    program('bin/pipenv', `echo ${join(root, 'envs/p')}`);
    writeFileSync(join(directory, 'Pipfile'), '');
    assert.equal(await found({ PATH }), pipenv);
    const uv = program('envs/u/bin/python');
    program('bin/uv', `echo ${uv}`);
    writeFileSync(join(directory, 'uv.lock'), '');
    assert.equal(await found({ PATH }), uv);
    const poetry = program('envs/o/bin/python');
    program('bin/poetry', `echo ${join(root, 'envs/o')}`);
    writeFileSync(join(root, 'pyproject.toml'), '[tool.poetry]\n');
    assert.equal(await found({ PATH }), poetry);
    const above = program('venv/bin/python');
    assert.equal(await found({ PATH }), above);
    const beside = program('backend/.venv/bin/python');
    assert.equal(await found({ PATH }), beside);
    const active = program('active/bin/python');
    assert.equal(await found({ PATH, VIRTUAL_ENV: join(root, 'active') }), active);
    assert.equal(await found({ PATH }, 'bin/python'), last);
    assert.equal(await found({ PATH }, 'python3'), better);
  });

  it('lists what was tried where there is none', async () => {
    const error = await rejection(found({ PATH: join(root, 'bin') }));
    assert.equal(error.code, 'DBB6001');
    const tried = error.problems[0].notes?.map(({ text }) => text).join('\n') ?? '';
    assert.ok(tried.includes(join(directory, '.venv/bin/python')) && tried.includes('python3'));
    assert.match((await rejection(found({}, 'gone/python'))).message, /^the interpreter "gone\/python"/);
  });

  it('names the one folder that holds manage.py, where it is another', () => {
    const parent = join(directory, 'monorepo');
    for (const name of ['backend', 'frontend', 'other']) mkdirSync(join(parent, name), { recursive: true });
    writeFileSync(join(parent, 'backend/manage.py'), '');
    const help = (folder: string): string | undefined => {
      try {
        return findSettings({ directory: join(parent, folder), env: {} });
      } catch (error) {
        return (error as BootstrapError).problems[0].help;
      }
    };
    const near = `set "django.directory" to ${join(parent, 'backend')}, which holds manage.py, or `;
    for (const folder of ['', 'bakend', 'frontend']) assert.ok(help(folder)?.startsWith(near), folder);
    writeFileSync(join(parent, 'other/manage.py'), '');
    assert.match(help('') ?? '', /to the folder that holds manage\.py/);
    rmSync(parent, { recursive: true });
  });

  it('takes the settings of the config, of the environment, of manage.py', () => {
    const manage = join(directory, 'manage.py');
    assert.throws(() => findSettings({ directory, env: {} }), { code: 'DBB6004' });
    writeFileSync(manage, 'print("no settings")\n');
    assert.throws(() => findSettings({ directory, env: {} }), { code: 'DBB6004' });
    writeFileSync(manage, `os.environ.setdefault(\n    'DJANGO_SETTINGS_MODULE', 'shop.settings'\n)\n`);
    assert.equal(findSettings({ directory, env: {} }), 'shop.settings');
    const env = { DJANGO_SETTINGS_MODULE: 'shop.test' };
    assert.equal(findSettings({ directory, env }), 'shop.test');
    assert.equal(findSettings({ settings: 'shop.ci', directory, env }), 'shop.ci');
  });
});
