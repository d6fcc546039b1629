import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** A CommonJS file that was loaded, and what writes down how V8 compiled it. */
export interface Loaded<Exports> {
  readonly exported: Exports;
  /** For the next process, once this one has run; where the folder may not be written, that one compiles again. */
  readonly keep: () => void;
}

// Node does by itself what is done here, from 22.8 on.
const { enableCompileCache } = Module as { enableCompileCache?: (folder: string) => unknown };

/**
 * Loads a CommonJS file with what was kept of its compilation, in a folder beside it: compiling the command takes longer than most of
 * what it does. `purpose` tells apart what compiles different functions of the file; it becomes a part of a file's name.
 */
export function loadCompiled<Exports>(file: string, purpose: string): Loaded<Exports> {
  const require = createRequire(file);
  const folder = join(dirname(file), '.compiled');
  const disabled = process.env.NODE_DISABLE_COMPILE_CACHE !== undefined;
  if (disabled || enableCompileCache) {
    if (!disabled) enableCompileCache?.(folder);
    return { exported: require(file) as Exports, keep: () => undefined };
  }
  const kept = join(folder, `${process.version}-${process.arch}-${purpose}`);
  const cachedData = readKept(kept);
  // The bundle is ASCII, which is read so in half the time.
  const script = new Script(Module.wrap(readFileSync(file, 'latin1')), {
    filename: file,
    ...(cachedData ? { cachedData } : {}),
  });
  const module = new Module(file);
  // What requires the file later gets this very instance: errors and schemas of plugins are told by their classes.
  require.cache[file] = module;
  const run = script.runInThisContext() as (...args: readonly unknown[]) => void;
  run(module.exports, require, module, file, dirname(file));
  module.loaded = true;
  return {
    exported: module.exports as Exports,
    keep: () => {
      if (!cachedData || script.cachedDataRejected === true) writeKept(kept, script.createCachedData());
    },
  };
}

const sumLength = 4;

/** V8 trusts the bytes that it is given, so a checksum stands before them. */
function readKept(file: string): Buffer | undefined {
  try {
    const whole = readFileSync(file);
    const data = whole.subarray(sumLength);
    return sumOf(data).equals(whole.subarray(0, sumLength)) ? data : undefined;
  } catch {
    return undefined;
  }
}

function writeKept(file: string, data: Buffer): void {
  const draft = `${file}.${String(process.pid)}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, Buffer.concat([sumOf(data), data]));
    renameSync(draft, file);
  } catch {
    // A package that may not be written is as good: it starts as it did the first time.
    try {
      unlinkSync(draft);
    } catch {
      // It was not even begun.
    }
  }
}

function sumOf(data: Buffer): Buffer {
  const sum = Buffer.alloc(sumLength);
  sum.writeUInt32BE(crc32(data));
  return sum;
}
