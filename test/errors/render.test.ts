import assert from 'node:assert/strict';
import { renderProblem, renderProblems, type Problem } from '../../lib/errors/index.js';
import { visible } from '../../lib/text/index.js';

const place = { file: '.bootstraprc', line: 14, column: 13, length: 6, source: '    needs: [shraed]' };

describe('renderProblem', () => {
  it('points at the place of a mistake', () => {
    const problem: Problem = {
      code: 'DBB3001',
      message: 'task "tenant-migrations" needs "shraed", which does not exist',
      place,
      help: 'did you mean "shared"?',
    };
    assert.equal(
      renderProblem(problem),
      `error[DBB3001]: task "tenant-migrations" needs "shraed", which does not exist
  --> .bootstraprc:14:13
   |
14 |     needs: [shraed]
   |             ~~~~~~
  help: did you mean "shared"?`,
    );
  });

  it('shows notes, help of several lines, and the output last', () => {
    const problem: Problem = {
      code: 'DBB5001',
      severity: 'warning',
      message: 'it failed\nin two ways',
      notes: [{ label: 'found by', text: 'check "tables"\nand another' }],
      help: 'do this,\nthen that',
      output: 'one\n\n\u001b[31mtwo\u001b[0m\rthree\n\n',
    };
    assert.equal(
      renderProblem(problem),
      `warning[DBB5001]: it failed
  in two ways
  found by: check "tables"
            and another
  help: do this,
        then that
  | one
  |
  | three`,
    );
  });

  it('shows the key path where a file has no lines, and no excerpt without a source', () => {
    const problem = (place: Problem['place']): Problem => ({
      code: 'DBB2004',
      message: 'x',
      ...(place ? { place } : {}),
    });
    assert.equal(
      renderProblem(problem({ file: 'bootstrap.config.ts', keyPath: 'tasks.seed.needs[0]' })),
      'error[DBB2004]: x\n  --> bootstrap.config.ts (tasks.seed.needs[0])',
    );
    assert.equal(renderProblem(problem({ file: 'a.yaml', line: 3 })), 'error[DBB2004]: x\n  --> a.yaml:3');
  });

  const marked = (source: string, column: number, length: number): string[] =>
    renderProblem({ code: 'DBB2003', message: 'x', place: { file: 'f', line: 1, column, length, source } })
      .split('\n')
      .slice(3);

  it('repeats tabs under the line', () => {
    assert.deepEqual(marked('\ta:\tshraed', 5, 6), ['1 | \ta:\tshraed', '  | \t  \t~~~~~~']);
  });

  it('counts wide characters as two columns, and combining ones as none', () => {
    assert.deepEqual(marked('名前: 世界 x', 5, 2), ['1 | 名前: 世界 x', '  |       ~~~~']);
    assert.deepEqual(marked('e\u0301: x', 5, 1), ['1 | e\u0301: x', '  |    ~']);
  });

  it('cuts long lines around the mistake', () => {
    const [line = '', squiggles = ''] = marked(`${'a'.repeat(500)}wrong${'b'.repeat(500)}`, 501, 5);
    assert.equal(line, `1 | …${'a'.repeat(40)}wrong${'b'.repeat(74)}…`);
    assert.equal(squiggles, `  | ${' '.repeat(41)}~~~~~`);
  });

  it('points behind the end of a line', () => {
    assert.deepEqual(marked('needs: [', 9, 1), ['1 | needs: [', '  |         ~']);
  });

  it('shows the statement with the position, and the SQLSTATE, where nothing else does', () => {
    const facts = { sqlstate: '42703', statement: 'select 1;\nselect nme\nfrom t', position: 18 };
    assert.equal(
      renderProblem({ code: 'DBB5004', message: 'column "nme" does not exist', facts }),
      `error[DBB5004]: column "nme" does not exist
  --> statement, line 2
  |
2 | select nme
  |        ~
  sqlstate: 42703`,
    );
    const shown: Problem = {
      code: 'DBB5004',
      message: 'column "nme" does not exist (42703)',
      notes: [{ label: 'statement', text: 'select nme' }],
      facts,
    };
    assert.equal(renderProblem(shown).split('\n').length, 2);
  });

  it('masks secrets in every part, also where the excerpt would cut them', () => {
    const secret = 'hunter2-secret';
    const problem: Problem = {
      code: 'DBB4006',
      message: `"${secret}" is no URL`,
      place: { file: 'f', line: 1, column: 8, length: 3, source: `url: "${secret}"` },
      notes: [{ label: 'server', text: `postgres://app:other@h/d ${secret}` }],
      help: secret,
      output: `a ${secret}`,
      facts: { statement: `select '${secret}'`, position: 10 },
    };
    const text = renderProblem(problem, { secrets: [secret] });
    assert.doesNotMatch(text, /hunter2|secret|other/);
    assert.match(text, /1 \| url: "\*\*\*"/);
  });

  it('colours the same text', () => {
    const problem: Problem = { code: 'DBB3001', message: 'x', place, help: 'y' };
    const colored = renderProblem(problem, { color: true });
    assert.match(colored, /^\u001b\[31merror\[DBB3001\]\u001b\[39m\u001b\[1m: x\u001b\[22m\n/);
    assert.equal(colored.replace(/\u001b\[\d+m/g, ''), renderProblem(problem));
  });
});

describe('renderProblems', () => {
  it('shows the control characters of names as escapes, and drops those of an output', () => {
    for (const name of ['\u001b[2J', '\u0007', '\u202e'])
      assert.equal(
        renderProblem({ code: 'DBB3001', message: `"a${name}"`, help: name, output: `\u001b[2Jb` }),
        `error[DBB3001]: "a${visible(name)}"\n  help: ${visible(name)}\n  | b`,
      );
  });

  it('leaves an empty line between', () => {
    const problem: Problem = { code: 'DBB3001', message: 'x' };
    assert.equal(renderProblems([problem, problem]), 'error[DBB3001]: x\n\nerror[DBB3001]: x');
  });
});
