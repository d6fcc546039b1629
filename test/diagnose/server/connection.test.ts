import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { connection } from '../../../lib/diagnose/server/connection.js';
import { findingsWith } from '../../support/evidence.js';
import {
  freePort,
  query,
  startServer,
  testServer,
  type OwnServer,
  type TestServer,
} from '../../support/postgres.js';
import { offerTls, setRules } from '../../support/server-rules.js';

describe('rule: connection', function () {
  this.timeout(60_000);
  let server: TestServer;
  let base: string;
  let login: string;
  let silentServer: Server;
  before(async () => {
    server = await testServer();
    base = `${server.host}:${server.port}`;
    login = `${server.user}:${encodeURIComponent(server.password)}`;
    silentServer = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silentServer.once('listening', resolve));
  });
  after(() => silentServer.close());

  const cases: readonly [string, () => string | Promise<string>, string, string, RegExp[], RegExp][] = [
    [
      'a host name that does not resolve',
      () => 'postgres://app@no-such-host.invalid/app',
      'DBB4010',
      'host',
      [/the name "no-such-host\.invalid" does not resolve/],
      /^correct the host in the database URL$/,
    ],
    [
      'a port where nothing listens',
      async () => `postgres://app@localhost:${await freePort()}/app`,
      'DBB4001',
      'host',
      [/the name "localhost" resolves to/, /takes no connection \(ECONNREFUSED\)/],
      /^start the server, or correct host and port in the database URL$/,
    ],
    [
      'a port where something else listens',
      () => `postgres://app@127.0.0.1:${(silentServer.address() as AddressInfo).port}/app?sslmode=disable`,
      'DBB4007',
      'host',
      [/takes connections/, /nothing that speaks PostgreSQL answers there/],
      /^correct host and port in the database URL: what listens there is not PostgreSQL$/,
    ],
    [
      'TLS that the server does not speak',
      () => `postgres://${login}@${base}/postgres?sslmode=require`,
      'DBB4011',
      'TLS',
      [/takes connections/, /TLS, asked for by sslmode=require, fails/],
      /^write sslmode=disable into the database URL, or switch TLS on at the server/,
    ],
    [
      'a wrong password',
      () => `postgres://${server.user}:wrong@${base}/postgres`,
      'DBB4002',
      'password',
      [/a PostgreSQL server answers/, /the login of role "postgres" is refused/],
      /^check user and password in the database URL for /,
    ],
    [
      'a database that does not exist',
      () => `postgres://${login}@${base}/postgrse`,
      'DBB4004',
      'database',
      [
        /role and password are right/,
        /there is no database "postgrse"/,
        /databases of this server: .*postgres/,
      ],
      /^did you mean the database "postgres"\?$/,
    ],
  ];
  for (const [name, url, code, part, evidence, help] of cases) {
    it(`tells ${name} from the rest, and shows what was tried`, async () => {
      const [finding, ...others] = await findingsWith([connection], { url: await url() });
      assert.deepEqual(others, []);
      assert.equal(finding?.code, code);
      assert.equal(finding.subject.part, part);
      for (const pattern of evidence) assert.match(finding.evidence.join('\n'), pattern);
      assert.match(finding.help ?? '', help);
      assert.doesNotMatch(
        JSON.stringify(finding),
        new RegExp(`${encodeURIComponent(server.password)}|wrong@`),
      );
    });
  }

  it('tells a role that may not log in from a password that is wrong', async () => {
    await query(server.url, `create role sleeper nologin password 'secret'`);
    try {
      const [finding, ...others] = await findingsWith([connection], {
        url: `postgres://sleeper:secret@${base}/postgres`,
      });
      assert.deepEqual(others, []);
      assert.deepEqual(
        [finding?.code, finding?.subject.part, finding?.subject.user],
        ['DBB4003', 'role', 'sleeper'],
      );
      assert.match(finding?.evidence.join('\n') ?? '', /the server says that role "sleeper" cannot log in/);
      assert.match(finding?.help ?? '', /^create the role, or name another/);
    } finally {
      await query(server.url, 'drop role sleeper');
    }
  });

  describe('on a server with rules of its own', () => {
    let own: OwnServer;
    before(async () => {
      own = await startServer();
      await offerTls(own);
      await query(own.url, `create role app login password 'secret'`);
      await setRules(own, [
        'host all ghost all trust',
        'hostssl all app all scram-sha-256',
        'host all postgres all scram-sha-256',
      ]);
    });
    after(() => own.stop());

    it('tells a role that does not exist', async () => {
      const url = `postgres://ghost@127.0.0.1:${String(own.port)}/postgres`;
      const [finding, ...others] = await findingsWith([connection], { url });
      assert.deepEqual(others, []);
      assert.deepEqual([finding?.code, finding?.subject.part], ['DBB4003', 'role']);
      assert.equal(finding?.message, 'role "ghost" does not exist');
      assert.match(finding.help ?? '', /^create the role, or name another in the database URL/);
    });

    it('tells that the server takes the role with TLS alone', async () => {
      const url = `postgres://app:secret@127.0.0.1:${String(own.port)}/postgres`;
      const [finding, ...others] = await findingsWith([connection], { url: `${url}?sslmode=disable` });
      assert.deepEqual(others, []);
      assert.deepEqual([finding?.code, finding?.subject.part], ['DBB4012', 'TLS']);
      assert.ok(finding?.evidence.includes('the same login with sslmode=require gets past these rules'));
      assert.match(finding?.help ?? '', /^write sslmode=require into the database URL/);
      assert.deepEqual(await findingsWith([connection], { url }), []);
    });

    it('tells a certificate that nobody vouches for', async () => {
      const url = `postgres://app:secret@127.0.0.1:${String(own.port)}/postgres?sslmode=verify-full`;
      const [finding] = await findingsWith([connection], { url });
      assert.deepEqual([finding?.code, finding?.subject.part], ['DBB4011', 'TLS']);
      assert.match(finding?.help ?? '', /^name the authority of its certificate with sslrootcert=/);
    });

    it('tells rules that refuse the role whatever it does', async () => {
      const url = `postgres://other:secret@127.0.0.1:${String(own.port)}/postgres?sslmode=disable`;
      const [finding] = await findingsWith([connection], { url });
      assert.deepEqual([finding?.code, finding?.subject.part], ['DBB4012', undefined]);
      assert.match(finding?.help ?? '', /^add a line to pg_hba\.conf/);
    });
  });

  it('suggests the nearest database', async () => {
    const [finding] = await findingsWith([connection], { url: `postgres://${login}@${base}/postgrse` });
    assert.equal(finding?.help, 'did you mean the database "postgres"?');
  });

  it('does not miss a database that the task "wait" will create', async () => {
    const url = `postgres://${login}@${base}/to_be_created`;
    const config = `preset: sql\ndatabase: ${url}\ntasks: { wait: { createDatabase: true } }\n`;
    assert.deepEqual(await findingsWith([connection], { url, config }), []);
  });

  it('says where the name of a role comes from that nobody wrote', async () => {
    const url = `postgres://${base}/postgres`;
    const env = { PGPASSWORD: 'wrong', POSTGRES_USER: 'shop' };
    const config = `preset: sql\ndatabase: ${url}\n`;
    const [finding] = await findingsWith([connection], { url, config, env });
    assert.equal(finding?.code, 'DBB4002');
    assert.equal(finding.subject.user, userInfo().username);
    assert.match(
      finding.evidence.join('\n'),
      /is the user of the operating system: neither the URL nor PGUSER/,
    );
    assert.match(finding.evidence.join('\n'), /POSTGRES_USER is "shop"/);
  });

  it('has nothing to say where the login succeeds', async () => {
    assert.deepEqual(await findingsWith([connection], { url: server.url }), []);
  });
});
