import assert from 'node:assert/strict';
import { connect, disconnect, isNotYet, resolveConnection } from '../../lib/postgres/index.js';
import { freePort, query, startServer, type OwnServer } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';
import { offerTls, setRules } from '../support/server-rules.js';

/** Logs in, and tells whether the connection is encrypted. */
async function login(url: string): Promise<{ ssl: boolean }> {
  const client = await connect(resolveConnection(url, {}), { applicationName: 'test' });
  try {
    const { rows } = await client.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    assert.ok(rows[0]);
    return rows[0];
  } finally {
    await disconnect(client);
  }
}

describe('what keeps a connection from being made', () => {
  let server: OwnServer;
  let base: string;
  before(async () => {
    server = await startServer();
    base = `127.0.0.1:${server.port}`;
    await query(
      server.url,
      'create role nologin nologin; create role open login; create role elsewhere login; create role kerberos login',
    );
    await setRules(server, [
      'host all open,nologin,nobody all trust',
      'host all kerberos all gss',
      'host postgres postgres all scram-sha-256',
    ]);
  });
  after(() => server.stop());

  const refusals: readonly [string, () => string | Promise<string>, string, RegExp, boolean][] = [
    [
      'a wrong password',
      () => `postgres:wrong@${base}/postgres`,
      'DBB4002',
      /^the password of role "postgres" is wrong/,
      false,
    ],
    [
      'no password',
      () => `postgres@${base}/postgres`,
      'DBB4002',
      /^role "postgres" needs a password and none is given$/,
      false,
    ],
    [
      'a role that does not exist',
      () => `nobody@${base}/postgres`,
      'DBB4003',
      /^role "nobody" does not exist$/,
      false,
    ],
    [
      'a role that may not log in',
      () => `nologin@${base}/postgres`,
      'DBB4003',
      /^role "nologin" is not permitted to log in$/,
      false,
    ],
    [
      'a database that does not exist',
      () => `open@${base}/nowhere`,
      'DBB4004',
      /^the database "nowhere" does not exist$/,
      false,
    ],
    [
      'rules that know no such connection',
      () => `elsewhere@${base}/postgres`,
      'DBB4012',
      /no pg_hba\.conf entry/,
      false,
    ],
    [
      'rules that ask for a login by GSSAPI',
      () => `kerberos@${base}/postgres`,
      'DBB4012',
      /ask for a login by GSSAPI, which db-bootstrap does not offer$/,
      false,
    ],
    [
      'a port where nothing listens',
      async () => `u@127.0.0.1:${await freePort()}/d`,
      'DBB4001',
      /^nothing listens at 127/,
      true,
    ],
    [
      'a folder without a socket',
      () => 'u@%2Ftmp%2Fno-such-folder/d',
      'DBB4001',
      /^there is no socket at \/tmp\/no-such-folder/,
      true,
    ],
    [
      'a host name that does not resolve',
      () => 'u@no-such-host.invalid/d',
      'DBB4010',
      /^the host name "no-such-host\.invalid" does not resolve/,
      true,
    ],
    [
      'TLS where the server has none',
      () => `open@${base}/postgres?sslmode=require`,
      'DBB4011',
      /does not support SSL/,
      false,
    ],
    [
      'a root certificate that cannot be read',
      () => `open@${base}/postgres?sslmode=verify-full&sslrootcert=/no/such`,
      'DBB4011',
      /"\/no\/such", cannot be read \(ENOENT\)/,
      false,
    ],
  ];
  for (const [what, url, code, message, notYet] of refusals) {
    it(`${what} is ${code}${notYet ? ', and may be better later' : ''}`, async () => {
      const error = await rejection(login(`postgres://${await url()}`));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.ok(error.problems[0].help);
      assert.equal(isNotYet(error), notYet);
    });
  }

  it('the socket in a folder is found', async () => {
    await setRules(server, ['local all open trust', 'host all all all scram-sha-256']);
    const url = `postgres://open@${encodeURIComponent(server.folder)}:${server.port}/postgres`;
    assert.deepEqual(await login(url), { ssl: false });
  });
});

describe('TLS', () => {
  let server: OwnServer;
  let certificate: string;
  let base: string;
  before(async () => {
    server = await startServer();
    certificate = await offerTls(server);
    await query(server.url, 'create role app login');
    await setRules(server, ['hostssl all app all trust', 'host all postgres all scram-sha-256']);
    base = `postgres://app@127.0.0.1:${server.port}/postgres`;
  });
  after(() => server.stop());

  it('is not asked for on this machine otherwise, and is elsewhere where the server has it', async () => {
    const url = new URL(server.url);
    assert.deepEqual(await login(url.href), { ssl: false });
    // The same server under an address that is not known to be of this machine.
    url.hostname = '0.0.0.0';
    assert.deepEqual(await login(url.href), { ssl: true });
  });

  it('is taken where the server asks for it, without a word in the URL', async () => {
    assert.deepEqual(await login(base), { ssl: true });
    assert.deepEqual(await login(`${base}?sslmode=allow`), { ssl: true });
    assert.deepEqual(await login(`${base}?sslmode=prefer`), { ssl: true });
  });

  it('verifies what sslmode says: require nothing, verify-* the certificate, verify-full the name', async () => {
    assert.deepEqual(await login(`${base}?sslmode=require`), { ssl: true });
    assert.deepEqual(await login(`${base}?sslmode=verify-ca&sslrootcert=${certificate}`), { ssl: true });
    assert.deepEqual(await login(`${base}?sslmode=require&sslrootcert=${certificate}`), { ssl: true });
    for (const mode of ['verify-ca', 'verify-full', `verify-full&sslrootcert=${certificate}`]) {
      const error = await rejection(login(`${base}?sslmode=${mode}`));
      assert.equal(error.code, 'DBB4011', `${mode}: ${error.message}`);
    }
    const named = base.replace('127.0.0.1', 'localhost');
    assert.deepEqual(await login(`${named}?sslmode=verify-full&sslrootcert=${certificate}`), { ssl: true });
  });

  it('is not used where it is disabled: then the rules refuse', async () => {
    const error = await rejection(login(`${base}?sslmode=disable`));
    assert.equal(error.code, 'DBB4012');
    assert.match(error.message, /no encryption/);
  });
});

describe('a server that has no TLS', () => {
  it('is taken without it, from elsewhere too', async () => {
    const server = await startServer();
    try {
      const url = server.url.replace('127.0.0.1', '0.0.0.0');
      assert.deepEqual(await login(url), { ssl: false });
      assert.deepEqual(await login(url), { ssl: false });
      const wrong = await rejection(login(url.replace(/:[^:@]*@/, ':wrong@')));
      assert.equal(wrong.code, 'DBB4002', wrong.message);
    } finally {
      await server.stop();
    }
  });
});
