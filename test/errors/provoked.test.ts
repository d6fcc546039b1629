import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, packageRoot } from '../../lib/errors/index.js';

describe('error codes and their tests', () => {
  it('has a test for each code that provokes it', () => {
    const folder = join(packageRoot(), 'test');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      // What tests only how errors look provokes none.
      (name) => /\.ts$/.test(name) && !/^(?:errors|report)\//.test(name) && !name.includes('node_modules'),
    );
    const tests = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    const missing = Object.keys(codes).filter((code) => !tests.includes(code));
    assert.deepEqual(missing, []);
  });
});
