import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One fault, and what must be said about it. */
export interface Mutation {
  readonly name: string;
  readonly kind:
    'settings' | 'apps' | 'models' | 'migrations' | 'config' | 'init scripts' | 'workflow' | 'SQL state';
  /** Makes the fault in a copy of the project; the statements that it returns make it in its database. */
  make(project: Project, pick: Pick): readonly string[] | undefined;
  /** Codes of which one must be told. */
  readonly codes: readonly string[];
  /** Words of which each must stand in the subject, or in the message where there is no subject; made anew for each project. */
  subject?(pick: Pick): readonly string[];
}

/** One of a list, the same for the same seed and the same name of a choice within one mutation. */
export type Pick = <Value>(name: string, values: readonly Value[]) => Value;

/** A copy of the healthy example. */
export class Project {
  constructor(readonly folder: string) {}

  /** Replaces a text that must be there. */
  replace(file: string, old: string | RegExp, text: string): undefined {
    const path = join(this.folder, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(old, text);
    if (after === before) throw new Error(`${file} has no ${String(old)}`);
    writeFileSync(path, after);
  }

  append(file: string, text: string): undefined {
    const path = join(this.folder, file);
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n${text}\n`);
  }

  write(file: string, text: string): undefined {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  remove(path: string): undefined {
    rmSync(join(this.folder, path), { recursive: true });
  }
}

/** Picks by a seed: mulberry32, over the digits of the name. */
export function pickerOf(seed: number): Pick {
  return (name, values) => {
    let state = seed;
    for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x9e3779b1);
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const value = values[((mixed ^ (mixed >>> 14)) >>> 0) % values.length];
    if (value === undefined) throw new Error(`nothing to pick from for ${name}`);
    return value;
  };
}
