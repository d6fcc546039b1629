import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BootstrapError, codes, isErrorCode, packageRoot, type ErrorCode } from '../errors/index.js';
import { renderMarkdown } from './markdown.js';
import { nearest } from '../text/index.js';

/** Where and how the page is printed. */
export interface ExplainOptions {
  readonly stdout: Writable;
  readonly columns?: number | undefined;
  readonly color: boolean;
}

/** `explain [CODE]`: prints the page of an error code ("DBB6012", "dbb6012" or "6012"), or all codes with their titles. */
export async function explainCommand(code: string | undefined, options: ExplainOptions): Promise<number> {
  if (code === undefined || code.trim() === '') {
    const lines = Object.entries(codes).map(([name, title]) => `${name}  ${title}`);
    options.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }
  const page = await readFile(join(packageRoot(), 'docs', 'errors', `${codeOf(code)}.md`), 'utf8');
  options.stdout.write(renderMarkdown(page, { columns: options.columns ?? 80, color: options.color }));
  return 0;
}

function codeOf(written: string): ErrorCode {
  const code = written
    .trim()
    .toUpperCase()
    .replace(/^(?:DBB-?)?(?=\d+$)/, 'DBB');
  if (isErrorCode(code)) return code;
  const near = nearest(code, Object.keys(codes));
  throw new BootstrapError({
    code: 'DBB1005',
    message: `there is no error code "${written}"`,
    help:
      near === undefined ? 'run "db-bootstrap explain" for the list of all codes' : `did you mean "${near}"?`,
  });
}
