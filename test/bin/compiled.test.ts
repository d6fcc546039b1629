import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

// Node keeps compiled code itself from 22.8 on, in files of its own kind.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const byNode = major > 22 || (major === 22 && minor >= 8);

describe('what is kept of the compiled command', () => {
  let folder: string;
  let kept: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbb-compiled-'));
    kept = join(folder, 'dist/.compiled');
    for (const name of ['package.json', 'config']) cpSync(name, join(folder, name), { recursive: true });
    cpSync('dist', join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.compiled') });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(
      join(folder, 'bootstrap.config.mjs'),
      "import { defineConfig } from 'db-bootstrap';\nexport default defineConfig({ tasks: { hello: { use: 'command', run: 'true' } } });\n",
    );
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const plan = (env: NodeJS.ProcessEnv = {}): string =>
    execFileSync(process.execPath, [join(folder, 'dist/bin/db-bootstrap.js'), 'plan', '--cwd', folder], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });

  it('is written by the first command and changes nothing of what the next one says', () => {
    const first = plan();
    assert.match(first, /hello/);
    const files = readdirSync(kept);
    assert.equal(files.length, 1);
    assert.equal(plan(), first);
    assert.deepEqual(readdirSync(kept), files);
  });

  it('is made again where it is damaged', function () {
    if (byNode) return;
    const first = plan();
    const file = join(kept, readdirSync(kept)[0] ?? '');
    const whole = readFileSync(file);
    for (const damaged of [
      whole.subarray(0, whole.length / 2),
      Buffer.alloc(whole.length),
      Buffer.alloc(0),
    ]) {
      writeFileSync(file, damaged);
      assert.equal(plan(), first);
      assert.ok(readFileSync(file).length > damaged.length / 2);
      assert.notDeepEqual(readFileSync(file), damaged);
    }
  });

  it('is not missed where it cannot be written, or is not wanted', () => {
    writeFileSync(kept, 'no folder');
    const first = plan();
    assert.match(first, /hello/);
    assert.equal(readFileSync(kept, 'utf8'), 'no folder');
    rmSync(kept);
    assert.equal(plan({ NODE_DISABLE_COMPILE_CACHE: '1' }), first);
    assert.ok(!readdirSync(join(folder, 'dist')).includes('.compiled'));
  });
});
