import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';
import { asError, EarlyExit, packageRoot } from '../lib/errors/index.js';

/** What a module gives: its default export, or all that it exports where it has none (`isNamespace`). */
interface Imported {
  readonly value: unknown;
  readonly isNamespace: boolean;
}

/**
 * Imports a JavaScript or TypeScript module; "db-bootstrap" in it is this very package, wherever that is installed. Throws what the
 * module throws, and an error where it is not loaded within `patience` milliseconds, or waits for what can never come.
 */
export async function importScript(path: string, patience: number): Promise<Imported> {
  return withinPatience(importAny(path), patience);
}

async function importAny(path: string): Promise<Imported> {
  const module = await evaluate(path);
  const value = isNamespace(module) && module.default !== undefined ? module.default : module;
  return { value, isNamespace: isNamespace(value) };
}

async function evaluate(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const built = join(packageRoot(), 'dist/lib/index.js');
  const load = (interopDefault: boolean): Promise<unknown> =>
    createJiti(import.meta.url, {
      alias: {
        'db-bootstrap':
          import.meta.url.endsWith('.ts') || !existsSync(built) ? join(packageRoot(), 'lib/index.ts') : built,
      },
      moduleCache: false,
      interopDefault,
    }).import(path, { default: true });
  try {
    return await load(true);
  } catch (error) {
    // What it does for the sake of CommonJS fails on a default export that is null.
    if (/null \(reading 'then'\)$/.test(asError(error).message)) return load(false);
    throw error;
  }
}

/** Also a module that was compiled to CommonJS, which Node takes for one export among others. */
function isNamespace(module: unknown): module is { readonly default?: unknown } {
  if (types.isModuleNamespaceObject(module)) return true;
  return typeof module === 'object' && module !== null && Object.hasOwn(module, '__esModule');
}

/** What comes of the work. Rejects where it takes too long, and at once where the process has nothing left to wait for. */
async function withinPatience<T>(work: Promise<T>, patience: number): Promise<T> {
  const { promise, reject } = deferred();
  const idle = (): void => reject(new Error('it awaits something that nothing can bring any more'));
  const timer = setTimeout(
    () => reject(new Error(`it was not done after ${String(patience / 1000)}s: what it awaits did not come`)),
    patience,
  );
  timer.unref();
  process.once('beforeExit', idle);
  // It would end the command in silence, before anything is done.
  const exit = process.exit.bind(process);
  process.exit = () => {
    throw new EarlyExit();
  };
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    process.removeListener('beforeExit', idle);
    process.exit = exit;
  }
}

function deferred(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
