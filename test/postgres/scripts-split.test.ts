import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { parsePsqlError, placeInScript, plainPsqlOutput, splitScript } from '../../lib/postgres/index.js';
import { scanScript } from '../../lib/postgres/scripts/scan.js';
import { testServer } from '../support/postgres.js';

// Pieces in which semicolons, quotes and backslashes do not mean what they seem to.
const statements = [
  `select 'a;b'`,
  `select E'it\\'s;'`,
  `select ';' || $$;'$$ || $x$ $$;$$ $x$`,
  `select 1 as "a;""b"`,
  `select /* ; /* nested; */ ' */ 2`,
  `select -- ;'\n 3`,
  `select (select 4)`,
  `create or replace function pg_temp.f(a int) returns int language sql begin atomic select case when a > 1 then 2 else 3 end; select 4; end`,
  `create or replace function pg_temp.g() returns int language plpgsql as $f$ begin return 1; end $f$`,
  `do $$ begin perform 1; end $$`,
  `select 'ä漢🙂;'`,
  `create or replace rule r as on insert to pg_temp.t do also (select 1; select 2)`,
];
const blanks = ['\n', ' ', '\n\n-- a comment; here\n', '/* and; here */ '];

const script = fc.array(fc.tuple(fc.constantFrom(...blanks), fc.constantFrom(...statements)), {
  maxLength: 6,
});

describe('scripts', () => {
  it('are split alike by our scanner and by the parser of PostgreSQL, with the same places', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (pieces) => {
        const text = pieces.map(([blank, statement]) => `${blank}${statement};`).join('');
        const split = await splitScript(text);
        assert.ok('statements' in split, JSON.stringify(split));
        assert.deepEqual(
          split.statements.map((each) => each.text),
          pieces.map(([, statement]) => statement),
        );
        const scanned = scanScript(text).statements;
        assert.deepEqual(
          scanned.map((each) => [each.text, each.startLine]),
          split.statements.map((each) => [`${each.text};`, each.line]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('place an error of psql at the statement that failed, whatever stands around it', async function () {
    this.timeout(60_000);
    const { url } = await testServer();
    await fc.assert(
      fc.asyncProperty(script, fc.constantFrom(...blanks), async (pieces, blank) => {
        const usable = pieces.filter(([, statement]) => !statement.includes('rule'));
        const before = usable.map(([space, statement]) => `${space}${statement};`).join('');
        const text = `${before}${blank}select\n  1 +\n  no_such_column; select 5;\n`;
        const output = psql(url, text);
        const error = parsePsqlError(output);
        assert.ok(error, output);
        assert.equal(error.sqlstate, '42703');
        const place = placeInScript(text, error);
        assert.ok(place);
        assert.equal(place.source.slice(place.column - 1, place.column - 1 + place.length), 'no_such_column');
        assert.equal(text.split('\n')[place.line - 1], place.source);
        assert.equal(place.statement, 'select\n  1 +\n  no_such_column;');
        await Promise.resolve();
      }),
      { numRuns: 15 },
    );
  });

  it('place an error of psql behind tabs and behind characters of any width', async () => {
    const { url } = await testServer();
    for (const before of [
      '\t',
      "\t'a\tb', ",
      "'日本語', ",
      "'한글 é ö', ",
      "'🚀✅', ",
      "'🇩🇪 e\u0301 👨‍👩‍👧', ",
      `'${'語\t'.repeat(40)}', `,
    ]) {
      for (const end of ['\n', '\r\n']) {
        const text = `select 1;${end}select${end}\t1,${end}${before}no_such_column, 2${end}from pg_class;${end}`;
        const error = parsePsqlError(psql(url, text));
        assert.ok(error);
        const { line, column, length } = placeInScript(text, error) ?? {};
        assert.deepEqual([line, column, length], [4, before.length + 1, 'no_such_column'.length], before);
      }
    }
  });

  it('place an error without a position at the statement', async () => {
    const { url } = await testServer();
    const text = 'select 1;\n\nselect\n  1 / 0;\n';
    const error = parsePsqlError(psql(url, text));
    assert.ok(error);
    assert.deepEqual(placeInScript(text, error), {
      line: 3,
      column: 1,
      length: 6,
      source: 'select',
      statement: 'select\n  1 / 0;',
    });
  });

  it('show an output of psql without what only its verbose mode prints', () => {
    assert.equal(
      plainPsqlOutput('psql:a.sql:1: ERROR:  42601: syntax error\nLINE 1: x\nLOCATION:  a, b.c:1\n'),
      'psql:a.sql:1: ERROR:  syntax error\nLINE 1: x\n',
    );
  });

  it('of many megabytes are split, whether one literal or many statements', async function () {
    this.timeout(60_000);
    const long = `select '${'ä'.repeat(16 << 20)}'`;
    const [only, ...none] = scanScript(`${long};`).statements;
    assert.deepEqual([only?.text.length, none], [long.length + 1, []]);
    const many = Array.from(
      { length: 20_000 },
      (_, row) => `insert into t values (${row}, 'ä🙂 of this row');\n`,
    );
    const split = await splitScript(many.join(''));
    assert.ok('statements' in split);
    const last = split.statements.at(-1);
    assert.deepEqual(last, {
      text: many.at(-1)?.slice(0, -2),
      offset: many.slice(0, -1).join('').length,
      line: 20_000,
      column: 1,
    });
  });

  it('say where a syntax error stands', async () => {
    assert.deepEqual(await splitScript(`select '🙂';\n  selec 1;`), {
      refusal: { reason: 'syntax', message: 'syntax error at or near "selec"', line: 2, column: 3 },
    });
  });

  const refusals: [string, string, number, number][] = [
    ['select 1;\n \\connect x', 'psql-command', 2, 2],
    ['copy a from stdin;\n1\n\\.\n', 'copy-data', 1, 1],
    ["select 1;\nselect :'USER'", 'psql-variable', 2, 8],
  ];
  for (const [text, reason, line, column] of refusals) {
    it(`are refused without psql: ${reason}`, async () => {
      const split = await splitScript(text);
      assert.ok('refusal' in split);
      assert.deepEqual(
        [split.refusal.reason, split.refusal.line, split.refusal.column],
        [reason, line, column],
      );
    });
  }

  it('take no backslash in a string or a comment for a command', async () => {
    assert.ok('statements' in (await splitScript(`select '\\d'; -- \\x\n/* \\y */ select $$\\z$$;`)));
  });
});

function psql(url: string, text: string): string {
  try {
    execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-f', '-', url], {
      input: text,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
  throw new assert.AssertionError({ message: 'psql succeeded' });
}
