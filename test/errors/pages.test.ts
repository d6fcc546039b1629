import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, packageRoot } from '../../lib/errors/index.js';
import { renderErrorIndex } from '../../scripts/generate-error-index.js';

const folder = join(packageRoot(), 'docs', 'errors');
const pages = readdirSync(folder).filter((name) => name !== 'README.md');

describe('pages of error codes', () => {
  it('has a page for each code, and a code for each page', () => {
    assert.deepEqual(
      pages.sort(),
      Object.keys(codes)
        .map((code) => `${code}.md`)
        .sort(),
    );
  });

  it('gives each page the title of the code table, the five sections, and links that lead somewhere', () => {
    for (const [code, title] of Object.entries(codes)) {
      const page = readFileSync(join(folder, `${code}.md`), 'utf8');
      const headings = page.split('\n').filter((line) => /^#+ \S/.test(line) && !/^# \w+\.yaml$/.test(line));
      const sections = ['What it means', 'Example', 'How it happens', 'What to do', 'See also'];
      assert.deepEqual(
        headings.filter((line) => !line.startsWith('# yaml-language-server')),
        [`# ${code}: ${title}`, ...sections.map((section) => `## ${section}`)],
      );
      assert.match(
        page,
        new RegExp(`^(?:error|warning|note)\\[${code}\\]: `, 'm'),
        `${code} shows its message`,
      );
      for (const [, target] of page.matchAll(/\]\(([^)]+)\)/g)) {
        assert.ok(pages.includes(target ?? ''), `${code} links to ${target ?? ''}`);
      }
    }
  });

  it('has an index that is not stale', () => {
    assert.equal(readFileSync(join(folder, 'README.md'), 'utf8'), renderErrorIndex());
  });
});
