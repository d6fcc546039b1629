import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BootstrapError } from '../../lib/errors/index.js';
import { resolveConnection, withDatabase } from '../../lib/postgres/index.js';
import { passwordFromFile } from '../../lib/postgres/password-file.js';
import { makeFolder } from '../support/folder.js';
import { testServer } from '../support/postgres.js';

function partsOf(url: string, env: Record<string, string> = {}): string {
  const { user, password, host, port, database, sslmode } = resolveConnection(url, env);
  return [user, password ?? '-', host, port, database, sslmode ?? '-'].join(' ');
}

function refusal(url: string, env: Record<string, string> = {}): BootstrapError {
  try {
    resolveConnection(url, env);
  } catch (error) {
    assert.ok(error instanceof BootstrapError, String(error));
    assert.equal(error.code, 'DBB4006');
    return error;
  }
  throw new assert.AssertionError({ message: `it should have refused ${url}` });
}

describe('resolveConnection', () => {
  it('refuses by name what libpq would enforce and it cannot', () => {
    for (const query of [
      'channel_binding=require',
      'require_auth=scram-sha-256',
      'gssencmode=require',
      'hostaddr=10.0.0.1',
      'sslcrl=/x',
    ])
      assert.throws(
        () => resolveConnection(`postgres://a:b@h/d?${query}`, {}),
        ({ message }: Error) => message.includes(query.split('=')[0] ?? ''),
        query,
      );
    for (const query of ['channel_binding=prefer', 'gssencmode=disable', 'sslnegotiation=postgres'])
      resolveConnection(`postgres://a:b@h/d?${query}`, {});
    assert.equal(resolveConnection('postgres:///d?hostaddr=10.0.0.1', {}).host, '10.0.0.1');
  });

  it('takes what Django, dj-database-url and SQLAlchemy write', () => {
    for (const scheme of [
      'postgres',
      'postgresql',
      'postgis',
      'django.contrib.gis.db.backends.postgis',
      'psql',
      'pgsql',
      'timescale',
      'postgresql+psycopg2',
      'PostgreSQL',
    ]) {
      const resolved = resolveConnection(`${scheme}://u:p@h:1/d?conn_max_age=60`, {});
      assert.equal(resolved.url, 'postgres://u:p@h:1/d?conn_max_age=60', scheme);
      assert.equal(resolved.projectUrl, `${scheme}://u:p@h:1/d?conn_max_age=60`);
      assert.equal(withDatabase(resolved, 'e').projectUrl, `${scheme}://u:p@h:1/e?conn_max_age=60`);
    }
  });

  it('fills what is missing from PG*, and changes nothing that is written', () => {
    const env = {
      PGHOST: 'envhost',
      PGPORT: '6000',
      PGUSER: 'envuser',
      PGPASSWORD: 'envpass',
      PGDATABASE: 'envdb',
      PGSSLMODE: 'require',
    };
    assert.equal(partsOf('postgres://', env), 'envuser envpass envhost 6000 envdb require');
    assert.equal(partsOf('postgres://u:p@h:1/d?sslmode=disable', env), 'u p h 1 d disable');
    assert.equal(partsOf('postgres://h/d', env), 'envuser envpass h 6000 d require');
  });

  it('falls back to the defaults of libpq', () => {
    assert.equal(partsOf('postgres://h', {}), `${userInfo().username} - h 5432 ${userInfo().username} -`);
    assert.equal(partsOf('postgres://u@h', {}), 'u - h 5432 u -');
  });

  it('reads the folder of a socket, behind the question mark or percent-encoded', () => {
    assert.equal(partsOf('postgres:///d?host=/var/run/pg&port=1&user=u'), 'u - /var/run/pg 1 d -');
    assert.equal(partsOf('postgres://u@%2Fvar%2Frun%2Fpg/d'), 'u - /var/run/pg 5432 d -');
    assert.equal(
      resolveConnection('postgres:///d?host=/run/pg&user=u', {}).url,
      'postgres://u@%2Frun%2Fpg:5432/d',
    );
  });

  it('lets what stands behind the question mark win, as libpq does', () => {
    const { url } = resolveConnection('postgres://u:p@h:1/d?host=x&port=2&user=y&password=z&dbname=w', {});
    assert.equal(url, 'postgres://y:z@x:2/w');
  });

  it('keeps other keywords for the children', () => {
    const { url, keywords } = resolveConnection('postgres://u@h/d?sslmode=require&connect_timeout=3', {});
    assert.equal(url, 'postgres://u@h:5432/d?sslmode=require&connect_timeout=3');
    assert.deepEqual(keywords, { connect_timeout: '3' });
  });

  it('gives the same parts again for the URL that it makes', () => {
    // PostgreSQL cuts longer names off.
    const word = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !text.includes('\0') && Buffer.byteLength(text) < 64);
    fc.assert(
      fc.property(word, word, word, fc.integer({ min: 1, max: 65535 }), (user, password, database, port) => {
        const written = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h:${port}/${encodeURIComponent(database)}`;
        const first = resolveConnection(written, {});
        assert.deepEqual([first.user, first.password, first.database], [user, password, database]);
        assert.deepEqual(resolveConnection(first.url, {}), first);
        assert.equal(withDatabase(first, 'other').database, 'other');
      }),
    );
  });

  it('makes a URL that libpq reads alike', async () => {
    const { url, user } = await testServer();
    const resolved = resolveConnection(url.replace('postgres://', 'postgis://'), {});
    const answer = execFileSync('psql', [resolved.url, '-Atc', 'select current_user'], { encoding: 'utf8' });
    assert.equal(answer.trim(), user);
  });

  it('keeps options for libpq and for Python alike, and a plus a plus', async () => {
    for (const written of ['-c%20search_path%3Dpg_catalog', '-c+search_path%3Dpg_catalog']) {
      const { url, keywords } = resolveConnection(`${(await testServer()).url}?options=${written}`, {});
      assert.equal(keywords.options, '-c search_path=pg_catalog');
      assert.match(url, /\?options=-c%20search_path%3Dpg_catalog$/);
      const answer = execFileSync('psql', [url, '-Atc', 'show search_path'], { encoding: 'utf8' });
      assert.equal(answer.trim(), 'pg_catalog');
    }
    assert.equal(resolveConnection('postgres://u@h/d?password=a+b', {}).password, 'a+b');
    assert.equal(
      resolveConnection('postgres://u@h/d?ssl=true', {}).url,
      'postgres://u@h:5432/d?sslmode=require',
    );
    const scoped = resolveConnection('postgres://u@[fe80::1%25eth0]/d', {});
    assert.deepEqual([scoped.host, resolveConnection(scoped.url, {})], ['fe80::1%eth0', scoped]);
  });

  it('heeds what else libpq takes from the environment, after the URL', () => {
    const env = {
      PGOPTIONS: '-c search_path=x',
      PGSSLROOTCERT: '/root.crt',
      PGPASSFILE: '/pass',
      PGCONNECT_TIMEOUT: '3',
      PGHOSTADDR: '10.0.0.1',
      PGDATABASE: 'd',
    };
    const { host, keywords } = resolveConnection('postgres://u@?connect_timeout=7', env);
    assert.equal(host, '10.0.0.1');
    assert.deepEqual(keywords, {
      options: '-c search_path=x',
      sslrootcert: '/root.crt',
      passfile: '/pass',
      connect_timeout: '7',
    });
  });

  describe('a service', () => {
    const home = makeFolder({
      services:
        '[other]\nhost=wrong\n\n# ours\n[shop]\nhost=h\nport=7\ndbname=d\nuser=u\npassword=a=b c\nsslmode=require\noptions=-c x=1\n[last]\nhost=wrong\n',
    });
    after(() => home.remove());
    const env = { PGSERVICEFILE: join(home.folder, 'services'), PGUSER: 'other', PGPASSWORD: 'other' };

    it('fills what the URL leaves out, before PG* does', () => {
      for (const [url, more] of [
        ['postgres://?service=shop', {}],
        ['postgres://', { PGSERVICE: 'shop' }],
      ] as const) {
        const { url: whole, keywords } = resolveConnection(url, { ...env, ...more });
        assert.equal(whole, 'postgres://u:a%3Db%20c@h:7/d?sslmode=require&options=-c%20x%3D1');
        assert.deepEqual(keywords, { options: '-c x=1' });
      }
      const mixed = resolveConnection('postgres://me@here/?service=shop', env);
      assert.deepEqual([mixed.user, mixed.host, mixed.port, mixed.database], ['me', 'here', 7, 'd']);
    });

    it('of the environment has no say where the URL names a server', () => {
      const { url } = resolveConnection('postgres://u@here/d', {
        PGSERVICE: 'shop',
        PGSERVICEFILE: env.PGSERVICEFILE,
      });
      assert.equal(url, 'postgres://u@here:5432/d');
    });

    it('that nobody knows is refused, where it would lead to another database', () => {
      assert.match(refusal('postgres://?service=shup', env).message, /there is no service "shup"/);
      assert.match(
        refusal('postgres://', { ...env, PGSERVICE: 'shup' }).message,
        /there is no service "shup", which PGSERVICE names/,
      );
    });
  });

  it('never shows the password', () => {
    const { display } = resolveConnection('postgres://u:s%40cret@h:1/d', {});
    assert.equal(display, 'postgres://u:***@h:1/d');
    assert.equal(
      resolveConnection('postgres://u@h/d', { PGPASSWORD: 's@cret' }).display,
      'postgres://u:***@h:5432/d',
    );
  });

  const malformed: readonly [string, Record<string, string>, RegExp][] = [
    ['', {}, /does not look like/],
    ['shop', {}, /does not look like/],
    ['mysql://u:s3cret@h/d', {}, /"mysql" is not a scheme/],
    ['postgres://u:s3cret@h:abc/d', {}, /not a host, or a host and a port/],
    ['postgres://u:s3cret@h:70000/d', {}, /"70000" in the URL is not a port/],
    ['postgres://u:s3c/ret@h/d', {}, /percent-encoded/],
    ['postgres://u:100%s3cret@h/d', {}, /two hexadecimal digits/],
    ['postgres://u:s3cret%00@h/d', {}, /zero byte/],
    ['postgres://u:s3cret@h1,h2/d', {}, /names several hosts/],
    ['postgres://u:s3cret@/d?host=h1,h2', {}, /no spaces, commas or signs/],
    ['postgres://u@h/d?password=100%s3cret', {}, /two hexadecimal digits/],
    ['postgres://u:s3cret@h/d?sslmode=requires', {}, /"requires" in the URL is not an sslmode/],
    ['postgres://u:s3cret@h/d', { PGPORT: 'abc' }, /"abc" in PGPORT is not a port/],
    ['postgres://u:s3cret@h/d', { PGSSLMODE: 'on' }, /"on" in PGSSLMODE is not an sslmode/],
  ];
  for (const [url, env, reason] of malformed) {
    it(`refuses "${url}" ${JSON.stringify(env)}, says why, and keeps the password`, () => {
      const error = refusal(url, env);
      assert.match(error.message, reason);
      assert.doesNotMatch(JSON.stringify(error.problems), /s3c/);
      assert.ok(error.problems[0].help);
    });
  }

  it('names the sslmode that was meant', () => {
    assert.equal(
      refusal('postgres://h/d?sslmode=requires').problems[0].help,
      'did you mean "sslmode=require"?',
    );
  });

  it('never fails in another way, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `postgres://${text}`),
        ),
        (text) => {
          try {
            resolveConnection(text, {});
          } catch (error) {
            assert.ok(error instanceof BootstrapError, String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('passwordFromFile', () => {
  const lines = [
    '# comment',
    String.raw`h:1:d:u:a\:b\\c`,
    '*:5432:*:app:second',
    'localhost:5432:*:sock:third',
    '',
  ];
  const home = makeFolder({ pgpass: lines.join('\n') });
  const file = join(home.folder, 'pgpass');
  const find = (host: string, port: number, user: string): string | undefined =>
    passwordFromFile({ host, port, user, database: 'd' }, file);
  before(() => chmodSync(file, 0o600));
  after(() => home.remove());

  it('takes the first line that matches, with its escapes', () => {
    assert.equal(find('h', 1, 'u'), 'a:b\\c');
    assert.equal(find('anywhere', 5432, 'app'), 'second');
    assert.equal(find('/var/run/postgresql', 5432, 'sock'), 'third');
    assert.equal(find('anywhere', 5433, 'app'), undefined);
  });

  it('takes no file that others may read, and needs none', () => {
    home.write('open', '*:*:*:*:leaked');
    chmodSync(join(home.folder, 'open'), 0o644);
    const wanted = { host: 'h', port: 1, user: 'u', database: 'd' };
    assert.equal(passwordFromFile(wanted, join(home.folder, 'open')), undefined);
    assert.equal(passwordFromFile(wanted, join(home.folder, 'missing')), undefined);
  });
});
