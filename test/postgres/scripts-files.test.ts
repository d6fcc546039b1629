import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { classifyInitFile, orderInitFiles } from '../../lib/postgres/index.js';

// The image's own case statement (docker-entrypoint.sh, docker_process_init_files), answering in words.
const image = `
for f in "$1"/*; do
  case "$f" in
    *.sh) if [ -x "$f" ]; then kind=execute; else kind=source; fi ;;
    *.sql) kind=sql ;;
    *.sql.gz) kind=sql.gz ;;
    *.sql.xz) kind=sql.xz ;;
    *.sql.zst) kind=sql.zst ;;
    *) kind=ignored ;;
  esac
  printf '%s\\0%s\\0' "$\{f##*/}" "$kind"
done`;

const name = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom(...Array.from('abABZ019_-.,;:!?\'"()[]{}@&#%^+<=>|~ é$*\\`ß漢')),
      minLength: 0,
      maxLength: 8,
    }),
    fc.constantFrom(
      '',
      '.sh',
      '.sql',
      '.sql.gz',
      '.sql.xz',
      '.sql.zst',
      '.SQL',
      '.sql.bz2',
      '.sh.sql',
      '.sql.sh',
      '.gz',
    ),
  )
  .map((parts) => parts.join(''))
  .filter((each) => !['', '.', '..'].includes(each));

describe('the files of an init folder', () => {
  it('are found, ordered and classified as by a shell with the case statement of the image', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, fc.boolean()), {
          selector: ([each]) => each,
          minLength: 1,
          maxLength: 25,
        }),
        (files) => {
          const folder = mkdtempSync(join(tmpdir(), 'dbb-order-'));
          try {
            for (const [file, executable] of files) {
              writeFileSync(join(folder, file), '');
              chmodSync(join(folder, file), executable ? 0o755 : 0o644);
            }
            // Where all names are hidden, the shell finds its own pattern.
            if (files.every(([file]) => file.startsWith('.'))) {
              assert.deepEqual(orderInitFiles(readdirSync(folder), 'bytes'), []);
              return;
            }
            const words = execFileSync('bash', ['--norc', '-c', image, 'bash', folder], {
              env: { LC_ALL: 'C', PATH: process.env.PATH },
            })
              .toString()
              .split('\0');
            const mine = orderInitFiles(readdirSync(folder), 'bytes').flatMap((file) => [
              file,
              classifyInitFile(file, isExecutable(join(folder, file))),
            ]);
            assert.deepEqual(mine, words.slice(0, -1));
          } finally {
            rmSync(folder, { recursive: true });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are ordered as en_US.utf8 of glibc 2.36 orders them', () => {
    // Recorded from bash in that locale: special characters count last, lower case stands first.
    const recorded = [
      '010-late.sql',
      '01_init.sh',
      '01-roles.sql',
      '02.sql',
      '10_a.sql',
      '10.sql',
      '1_a.sql',
      '1.sql',
    ]
      .concat(
        '20-init-db.sh',
        '20-init.sql',
        '2.sql',
        '9.sql',
        'ab.sql',
        'a-c.sql',
        'a_d.sql',
        'alpha.sql',
        'a.sql',
      )
      .concat(
        'A.sql',
        '@at.sql',
        'b.sql',
        'B.sql',
        'eland.sql',
        'élan.sql',
        '_first.sql',
        '~last.sql',
        'seed+more.sql',
      )
      .concat('with space.sql', 'Zeta.sql', 'zz.sql');
    fc.assert(
      fc.property(fc.shuffledSubarray(recorded), (some) => {
        assert.deepEqual(
          orderInitFiles(some, 'locale'),
          recorded.filter((each) => some.includes(each)),
        );
      }),
    );
  });

  it('are never hidden ones', () => {
    assert.deepEqual(orderInitFiles(['.a.sql', 'b.sql'], 'locale'), ['b.sql']);
  });
});

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
