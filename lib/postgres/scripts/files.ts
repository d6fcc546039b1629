/** How the image treats a file: as a program, in its own shell, by psql (as it is or decompressed), or not at all. */
export type InitFileKind = 'execute' | 'source' | 'sql' | 'sql.gz' | 'sql.xz' | 'sql.zst' | 'ignored';

/** By what a folder's files are sorted: as a bytewise locale does (C, Alpine's image), or as en_US.utf8 does (Debian's image). */
export type InitFileOrder = 'bytes' | 'locale';

/**
 * What the image's `case` makes of a file's name: suffixes are case-sensitive and the first match wins.
 * Source: docker_process_init_files in docker-library/postgres, docker-entrypoint.sh.
 */
export function classifyInitFile(name: string, executable: boolean): InitFileKind {
  if (name.endsWith('.sh')) return executable ? 'execute' : 'source';
  for (const suffix of ['sql', 'sql.gz', 'sql.xz', 'sql.zst'] as const) {
    if (name.endsWith(`.${suffix}`)) return suffix;
  }
  return 'ignored';
}

/** The names that a shell's `*` finds, in its order: no hidden ones. */
export function orderInitFiles(names: readonly string[], order: InitFileOrder): string[] {
  const compare = order === 'bytes' ? compareBytes : compareLocale;
  return names.filter((name) => !name.startsWith('.')).sort(compare);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

let collator: Intl.Collator | undefined;

/** Punctuation, symbols that are no currency, and spaces. */
const special = /[\p{P}\p{Sm}\p{Sk}\p{So}\s]/gu;

/**
 * As strcoll of glibc in en_US.utf8: special characters count only where all else is equal, and lower case stands before
 * upper case. Measured with glibc 2.36 (Debian 12).
 */
function compareLocale(a: string, b: string): number {
  // Made when names are compared at all: that takes milliseconds.
  collator ??= new Intl.Collator('en-US');
  return (
    collator.compare(a.replace(special, ''), b.replace(special, '')) ||
    compareBytes(specialsOf(a), specialsOf(b)) ||
    compareBytes(a, b)
  );
}

/** The last level of the comparison: special characters by code point, all before anything else. */
function specialsOf(name: string): string {
  return name.replace(/[^\p{P}\p{Sm}\p{Sk}\p{So}\s]/gu, '\u{10ffff}');
}
