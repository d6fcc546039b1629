// Writes docs/errors/README.md from the code table: `npx tsx scripts/generate-error-index.ts`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codes, packageRoot } from '../lib/errors/index.js';

const kinds: Readonly<Record<string, string>> = {
  1: 'Usage',
  2: 'Config',
  3: 'Graph',
  4: 'Connection',
  5: 'Tasks',
  6: 'Django and tenants',
  7: 'Distributed',
  8: 'Guards',
  9: 'Internal',
};

/** The index of the pages of all error codes, as Markdown. */
export function renderErrorIndex(): string {
  const lines = [
    '# Error codes',
    '',
    'Every error that you can meet has a code and a page. `db-bootstrap explain CODE` prints the page in the terminal.',
    '',
    '<!-- Generated from lib/errors/codes.ts by scripts/generate-error-index.ts. -->',
  ];
  let kind = '';
  for (const [code, title] of Object.entries(codes).sort(([a], [b]) => a.localeCompare(b))) {
    const digit = code.charAt(3);
    if (digit !== kind) lines.push('', `## ${digit}: ${kinds[digit] ?? ''}`, '');
    kind = digit;
    lines.push(`- [${code}](${code}.md): ${title}`);
  }
  return `${lines.join('\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(join(packageRoot(), 'docs', 'errors', 'README.md'), renderErrorIndex());
}
