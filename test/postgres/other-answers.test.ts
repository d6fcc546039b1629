import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { connect, resolveConnection } from '../../lib/postgres/index.js';
import { rejection } from '../support/rejection.js';

/** A message of the protocol: its letter, its length, its content. */
function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

/** What connecting says to whoever gives these answers, one to each of the first things that it is told. */
async function saidOf(answers: readonly Buffer[]): Promise<{ code: string; message: string; help: unknown }> {
  const server = createServer((socket) => {
    const left = [...answers];
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const answer = left.shift();
      if (answer) socket.write(answer);
      else socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `postgres://a:b@127.0.0.1:${String(port)}/c?sslmode=disable`;
  try {
    const { problems } = await rejection(
      connect(resolveConnection(url, {}), { applicationName: 'test', connectTimeout: 100 }),
    );
    const [{ code, message: said, help }] = problems;
    return { code, message: said, help };
  } finally {
    server.close();
  }
}

const byte = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
/** Bytes of any kind, and messages that begin as PostgreSQL's do. */
const answer = fc.oneof(
  byte,
  fc
    .tuple(fc.constantFrom('R', 'E', 'K', 'S', 'N', 'v'), byte)
    .map(([type, content]) => message(type, content)),
  fc.nat(20).map((kind) => message('R', Buffer.from([0, 0, 0, kind]))),
  fc
    .string({ unit: 'binary', maxLength: 30 })
    .map((text) => message('R', Buffer.from(`\0\0\0\nSCRAM-SHA-256\0\0${text}`))),
);

describe('what answers in the place of PostgreSQL', function () {
  this.timeout(60_000);

  it('ends a connection with a reason and with something to do, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 3 }), async (answers) => {
        const { code, message: said } = await saidOf(answers);
        assert.match(code, /^DBB(?:4|5004)/);
        assert.notEqual(said, '');
      }),
      { numRuns: 150 },
    );
  });

  for (const [what, answers, code, says] of [
    ['a login by SSPI', [[9]], 'DBB4012', /a login by SSPI, which/],
    ['a login that is not known', [[99]], 'DBB4012', /the method number 99, which/],
    ['OAuth alone', [[10, 'OAUTHBEARER\0\0']], 'DBB4012', /another mechanism than SCRAM-SHA-256/],
    [
      'SCRAM that is none',
      [
        [10, 'SCRAM-SHA-256\0\0'],
        [11, 'nonsense'],
      ],
      'DBB4007',
      /does not log in as/,
    ],
  ] as const) {
    it(`is told where it asks for ${what}`, async () => {
      const said = await saidOf(
        answers.map(([kind, text = '']) =>
          message('R', Buffer.concat([Buffer.from([0, 0, 0, kind]), Buffer.from(text)])),
        ),
      );
      assert.equal(said.code, code, said.message);
      assert.match(said.message, says);
      assert.ok(said.help);
    });
  }

  it('is told where it refuses without an end', async () => {
    const notice = message('N', Buffer.alloc(1));
    const { code, message: said } = await saidOf([
      Buffer.concat([notice, message('E', Buffer.from('SFATAL\0Mno'))]),
    ]);
    assert.equal(code, 'DBB4007');
    assert.match(said, /is not PostgreSQL: received invalid response: an error without an end$/);
  });

  it('is told where it refuses without a word', async () => {
    const { message: said } = await saidOf([message('E', Buffer.from('\0'))]);
    assert.equal(said, 'the server gave no reason');
  });
});
