import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { explainCommand } from '../../lib/cli/explain.js';
import { BootstrapError, codes } from '../../lib/errors/index.js';
import { displayWidth } from '../../lib/text/index.js';

async function explain(code?: string, columns = 80, color = false): Promise<string> {
  const stdout = new PassThrough();
  assert.equal(await explainCommand(code, { stdout, columns, color }), 0);
  stdout.end();
  return text(stdout);
}

describe('explain', () => {
  it('prints a page, however the code is written', async () => {
    const page = await explain('DBB6012');
    assert.match(page, new RegExp(`^DBB6012: ${codes.DBB6012.slice(0, 40)}[^]*\n\nWhat it means\n\n`));
    assert.match(page, /\n {4}error\[DBB6012\]: schema "acme" records/);
    for (const written of ['dbb6012', '6012', ' DBB-6012 ']) assert.equal(await explain(written), page);
  });

  it('prints every page within the width, but for code', async () => {
    for (const code of Object.keys(codes)) {
      for (const line of (await explain(code, 60)).split('\n')) {
        if (!line.startsWith('    ') && line.includes(' '))
          assert.ok(displayWidth(line) <= 60, `${code}: ${line}`);
        assert.doesNotMatch(line, /\u001b|^```/);
      }
    }
  });

  it('colours only where colour is on', async () => {
    assert.match(await explain('DBB6012', 80, true), /^\u001b\[1mDBB6012: /);
  });

  it('lists all codes without an argument', async () => {
    const lines = (await explain()).trimEnd().split('\n');
    assert.deepEqual(
      lines,
      Object.entries(codes).map(([code, title]) => `${code}  ${title}`),
    );
  });

  it('refuses an unknown code with the nearest', async () => {
    const refused = (code: string) =>
      explainCommand(code, { stdout: new PassThrough(), columns: 80, color: false }).then(
        () => assert.fail('it was explained'),
        (error: unknown) =>
          error instanceof BootstrapError ? error.problems[0] : assert.fail(String(error)),
      );
    assert.deepEqual(await refused('DBB6O12'), {
      code: 'DBB1005',
      message: 'there is no error code "DBB6O12"',
      help: 'did you mean "DBB6012"?',
    });
    assert.equal((await refused('../../../etc/passwd')).code, 'DBB1005');
  });
});
