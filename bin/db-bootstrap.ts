#!/usr/bin/env node
import Module from 'node:module';
import { fileURLToPath } from 'node:url';

// From Node 22.8 on, Node keeps the compiled code beside the command: compiling takes half of a run with nothing to do.
const { enableCompileCache } = Module as { enableCompileCache?: (folder: string) => unknown };
enableCompileCache?.(fileURLToPath(new URL('../.compiled', import.meta.url)));
const { main } = await import('../lib/cli/main.js');
// Assign 0 as well: a config, a plugin or a module that they import may have set another code.
process.exitCode = await main(process.argv.slice(2));
