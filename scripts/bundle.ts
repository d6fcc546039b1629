import { build, type BuildOptions, type Plugin } from 'esbuild';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Json } from '../config/define.js';
import { parseSource } from '../config/source.js';
import { digestOfHost } from '../lib/django/answers/host-digest.js';

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

/** The driver proves passwords by Node's own functions: see lib/postgres/password-proof.ts. */
const proofs: Plugin = {
  name: 'proofs',
  setup: (build) => {
    const replaced = createRequire(import.meta.url).resolve('pg/lib/crypto/utils.js');
    build.onResolve({ filter: /\/utils$/ }, ({ path, resolveDir }) =>
      resolve(resolveDir, `${path}.js`) === replaced
        ? { path: resolve('dist/lib/postgres/password-proof.js') }
        : undefined,
    );
  },
};

/** Modules of Node that a run with nothing to do never uses are loaded when something of them is. */
const late: Plugin = {
  name: 'late',
  setup: (build) => {
    build.onResolve({ filter: /^(?:node:)?(?:child_process|dns|readline)$/ }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    build.onLoad({ filter: /./, namespace: 'late' }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path) as object);
      const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};

const outdir = resolve('dist');
const common: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  // What Node 20 loads before it can say the time is spared.
  define: { 'import.meta.url': 'fileUrl', 'performance.now': 'millisecondsOfNode' },
  banner: {
    js: `const fileUrl = require('node:url').pathToFileURL(__filename).href;
const millisecondsOfNode = () => Number(process.hrtime.bigint()) / 1e6;`,
  },
};

/** Leaves out what is imported late, and what commander starts programs with, which takes Node milliseconds to load. */
const bare: Plugin = {
  name: 'bare',
  setup: (build) => {
    build.onResolve({ filter: /./ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    );
    build.onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: '' }));
  },
};

/** What each preset says, by name. */
function presets(): Record<string, Json> {
  const folder = resolve('config/presets');
  const entries = readdirSync(folder).map((file): [string, Json] => {
    const source = parseSource(file, readFileSync(join(folder, file), 'utf8'), []);
    if (!source) throw new Error(`${file} is not valid YAML`);
    return [file.replace(/\.yaml$/, ''), source.data];
  });
  return Object.fromEntries(entries);
}

// Joins what tsc made in dist into one file, with the libraries that are used in each run: Node 20 spends a millisecond on each module
// that it loads, and only what is compiled as CommonJS can be kept compiled there (bin/compiled.ts). What is imported late is evaluated
// late in it, too.
const command = join(outdir, 'command.cjs');
await build({
  ...common,
  stdin: {
    contents:
      "export { main } from './lib/cli/main.js'; export const library = () => require('./lib/index.js');",
    resolveDir: outdir,
  },
  outfile: command,
  // CommonJS that is compiled ahead cannot import; what is left outside can be required.
  supported: { 'dynamic-import': false },
  external: ['typescript', 'jiti', 'libpg-query', 'pg-native'],
  plugins: [english, proofs, late],
  alias: { yaml: resolve('node_modules/yaml/browser/index.js') },
  define: {
    ...common.define,
    HOST_DIGEST: JSON.stringify(digestOfHost()),
    PRESETS: JSON.stringify(JSON.stringify(presets())),
  },
});
// A text with one byte for each character is read and compiled in half the time. esbuild has escaped strings; what is left is comments.
const text = readFileSync(command, 'utf8').replace(/\/\/.*$|^\s*\/?\*.*$/gmu, (comment) =>
  comment.replace(/\P{ASCII}/gu, '?'),
);
if (/\P{ASCII}/u.test(text))
  throw new Error(`${command} has other characters than ASCII outside of comments`);
writeFileSync(command, text);
// The help alone needs nothing of what the commands are made of.
await build({
  ...common,
  entryPoints: [join(outdir, 'lib/cli/main.js')],
  outfile: join(outdir, 'help.cjs'),
  plugins: [bare],
});
// What is started is CommonJS as well: loading any ES module takes Node 20 some milliseconds.
const bin = join(outdir, 'bin');
const entry = join(bin, 'db-bootstrap.js');
await build({ ...common, entryPoints: [entry], outfile: entry, allowOverwrite: true });
writeFileSync(join(bin, 'package.json'), '{ "type": "commonjs" }\n');
rmSync(join(bin, 'compiled.js'));
chmodSync(entry, 0o755);
for (const name of readdirSync(outdir, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.js') && !name.startsWith('bin/')) rmSync(join(outdir, name));
}
const { library } = createRequire(import.meta.url)(command) as { library: () => object };
writeFileSync(
  join(outdir, 'lib/index.js'),
  `import command from '../command.cjs';\nexport const { ${Object.keys(library()).join(', ')} } = command.library();\n`,
);
