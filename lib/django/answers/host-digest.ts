import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { packageRoot } from '../../errors/index.js';
import { contentOf, filesBelow } from './files.js';

/** Where all is joined into one file, the digest is written into it: both are parts of one package. */
declare const HOST_DIGEST: string | undefined;

/** A digest (SHA-256, hex) of the host's own files: another host may answer otherwise. */
export function hostDigest(): string {
  return typeof HOST_DIGEST === 'string' ? HOST_DIGEST : digestOfHost();
}

/** The same, from the files. */
export function digestOfHost(): string {
  const hash = createHash('sha256');
  const folder = join(packageRoot(), 'python');
  for (const path of filesBelow(folder).python) {
    const content = contentOf(path);
    hash.update(`${relative(folder, path)}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest('hex');
}
