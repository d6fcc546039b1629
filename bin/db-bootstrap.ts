#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { loadCompiled } from './compiled.js';

const args = process.argv.slice(2);
const file = fileURLToPath(new URL('../command.cjs', import.meta.url));
// Each command compiles functions of its own.
const command = /^(?:--)?[a-z]+$/.exec(args[0] ?? '')?.[0] ?? 'none';
const { exported, keep } = loadCompiled<typeof import('../lib/cli/main.js')>(file, command);
const code = await exported.main(args);
// Output that could not be written has set it already.
if (code !== 0) process.exitCode = code;
// What was not understood is no command.
if (code !== 2) keep();
