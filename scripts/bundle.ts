import { build } from 'esbuild';
import { chmodSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../config/define.js';
import { parseSource } from '../config/source.js';
import { digestOfHost } from '../lib/django/answers/host-digest.js';

// Joins the modules that tsc wrote to dist, and the libraries of each run, into a few files: Node loads a few files faster than hundreds.
// The command and the library share one copy of each module, so that a plugin's BootstrapError is the command's.

const outdir = resolve('dist');
const entryPoints = ['bin/db-bootstrap', 'lib/index'];

/** The data of each preset by its name, so that a run does not parse YAML for them. */
function presets(): Record<string, Json> {
  const folder = resolve('config/presets');
  const entries = readdirSync(folder).map((file): [string, Json] => {
    const source = parseSource(file, readFileSync(join(folder, file), 'utf8'), []);
    if (!source) throw new Error(`${file} is not valid YAML`);
    return [file.replace(/\.yaml$/, ''), source.data];
  });
  return Object.fromEntries(entries);
}

await build({
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  entryPoints: entryPoints.map((name) => join(outdir, `${name}.js`)),
  outdir,
  outbase: outdir,
  chunkNames: 'chunks/[name]-[hash]',
  allowOverwrite: true,
  external: ['typescript', 'jiti', 'libpg-query', 'pg-native'],
  define: {
    HOST_DIGEST: JSON.stringify(digestOfHost()),
    PRESETS: JSON.stringify(JSON.stringify(presets())),
  },
  // Libraries in CommonJS call require for modules of Node.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});
chmodSync(join(outdir, 'bin/db-bootstrap.js'), 0o755);
const built = new Set(entryPoints.map((name) => `${name}.js`));
for (const name of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.js') && !name.startsWith('chunks') && !built.has(name)) rmSync(join(outdir, name));
}
