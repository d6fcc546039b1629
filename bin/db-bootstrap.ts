#!/usr/bin/env node
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Loaded } from './compiled.js';

type Main = typeof import('../lib/cli/main.js');

void perform(process.argv.slice(2));

async function perform(args: readonly string[]): Promise<void> {
  const { exported, keep } = await load(args);
  const code = await exported.main(args);
  // Also 0: a config, a plugin or what these import may have set another.
  process.exitCode = code;
  // What was not understood is no command.
  if (code !== 2) keep();
}

async function load(args: readonly string[]): Promise<Loaded<Main>> {
  if (args.length === 1 && /^(?:-h|--help)$/.test(args[0] ?? '')) {
    return { exported: createRequire(import.meta.url)('../help.cjs') as Main, keep: () => undefined };
  }
  const { loadCompiled } = await import('./compiled.js');
  // Each command compiles functions of its own.
  const command = /^(?:--)?[a-z]+$/.exec(args[0] ?? '')?.[0] ?? 'none';
  return loadCompiled(fileURLToPath(new URL('../command.cjs', import.meta.url)), command);
}
