import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redact } from '../../lib/errors/index.js';

describe('redact', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['postgres://app:secret@localhost:5432/shop', 'postgres://app:***@localhost:5432/shop'],
    ['postgres://app:p@ss:w/ord@localhost/shop', 'postgres://app:***@localhost/shop'],
    [`postgres://app:it's@localhost/shop`, 'postgres://app:***@localhost/shop'],
    ['postgres://:secret@localhost/shop', 'postgres://:***@localhost/shop'],
    ['"redis://u:p@h", then', '"redis://u:***@h", then'],
    ['a postgres://a:b@c/d and postgres://e:f@g/h', 'a postgres://a:***@c/d and postgres://e:***@g/h'],
    ['http://localhost:5432/@scope/x', 'http://localhost:5432/@scope/x'],
    ['postgres://app:***@localhost/shop', 'postgres://app:***@localhost/shop'],
    ['postgres://USER:PASSWORD@HOST:5432/NAME', 'postgres://USER:PASSWORD@HOST:5432/NAME'],
    ['postgres://app:PASSWORD@localhost/shop', 'postgres://app:***@localhost/shop'],
    ['host=h password=secret dbname=d', 'host=h password=*** dbname=d'],
    [`password='it\\'s secret' dbname=d`, 'password=*** dbname=d'],
    ['PGPASSWORD="a b" psql', 'PGPASSWORD=*** psql'],
    ['POSTGRES_PASSWORD=secret', 'POSTGRES_PASSWORD=***'],
    ['postgres://localhost/shop?user=app&password=secret', 'postgres://localhost/shop?user=app&password=***'],
    ['  password: secret', '  password: ***'],
    ['{"PASSWORD": "se\\"cret", "a": 1}', '{"PASSWORD": ***, "a": 1}'],
    [`{'PASSWORD': 'secret'}`, `{'PASSWORD': ***}`],
    [
      `create role app login password 'it''s' valid until 'x'`,
      `create role app login password *** valid until 'x'`,
    ],
    ['alter role app password $$secret$$;', 'alter role app password ***;'],
    ['password authentication failed for user "app"', 'password authentication failed for user "app"'],
    ['the password of "app" is wrong', 'the password of "app" is wrong'],
    ['wrong password: check PGPASSWORD', 'wrong password: check PGPASSWORD'],
  ];
  for (const [text, expected] of cases) {
    it(`makes ${JSON.stringify(expected)} of a text with a password`, () => {
      assert.equal(redact(text), expected);
    });
  }

  it('masks secrets in every form', () => {
    const secret = `p@ss'w"ö/r d\\`;
    for (const form of [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      new URLSearchParams({ secret }).toString().slice('secret='.length),
      JSON.stringify(secret).slice(1, -1),
      secret.replaceAll("'", "''"),
    ]) {
      assert.equal(redact(`<${form}>`, [secret]), '<***>', form);
    }
  });

  it('masks random secrets in the form that each encoder gives them', () => {
    const bytes = (text: string, write: (byte: number) => string): string =>
      [...Buffer.from(text)].map(write).join('');
    const plain = /[A-Za-z0-9]/;
    const each = (text: string, write: (character: string) => string): string =>
      Array.from(text, (one) => (plain.test(one) ? one : write(one))).join('');
    const html: Record<string, string> = {
      '&': '&amp;',
      '<': '&lt;',
      '>': '&gt;',
      '"': '&quot;',
      "'": '&#39;',
    };
    const encoders: Record<string, (text: string) => string> = {
      json: (text) => JSON.stringify(text).slice(1, -1),
      jsonTwice: (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
      ascii: (text) =>
        each(text, (one) =>
          one
            .split('')
            .map((u) => `\\u${u.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join(''),
        ),
      url: (text) => encodeURIComponent(text),
      form: (text) => new URLSearchParams({ s: text }).toString().slice(2),
      shell: (text) => text.replaceAll("'", `'\\''`),
      shellDouble: (text) => text.replaceAll("'", `'"'"'`),
      printfQ: (text) => each(text, (one) => `\\${one}`),
      dollarHex: (text) =>
        each(text, (one) => bytes(one, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`)),
      dollarOctal: (text) =>
        each(text, (one) => bytes(one, (byte) => `\\${byte.toString(8).padStart(3, '0')}`)),
      html: (text) => text.replace(/[&<>"']/g, (one) => html[one] ?? ''),
      htmlNumbers: (text) => each(text, (one) => `&#${String(one.codePointAt(0))};`),
      markdown: (text) => text.replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&'),
      sql: (text) => text.replaceAll("'", "''"),
    };
    const character = fc.constantFrom(...Array.from(`aZ09 '"\\\t\n&<>%$\`#|~!*[]{}()/+-=ö€😀`));
    const secrets = fc
      .array(character, { minLength: 6, maxLength: 20 })
      .map((parts) => parts.join(''))
      .filter((secret) => !/^\s|\s$/.test(secret));
    for (const [name, encode] of Object.entries(encoders))
      fc.assert(
        fc.property(secrets, (secret) => {
          assert.equal(redact(`<${encode(secret)}>`, [secret]), '<***>', name);
        }),
        { numRuns: 60 },
      );
    fc.assert(
      fc.property(
        secrets.filter((one) => Buffer.byteLength(one) >= 8),
        fc.string({ maxLength: 5 }),
        (secret, user) => {
          const header = Buffer.from(`${user}:${secret}`).toString('base64');
          assert.match(redact(`Authorization: Basic ${header}`, [secret]), /\*\*\*/);
        },
      ),
    );
  });

  it('masks each line of a key, and the longer of two secrets whole', () => {
    assert.equal(redact('a line-of-key b', ['-----BEGIN\nline-of-key\n-----END']), 'a *** b');
    assert.equal(redact('hunter2more', ['hunter2', 'hunter2more']), '***');
  });

  it('leaves very short secrets alone, which would mask half of every text', () => {
    assert.equal(redact('abc', ['a', '']), 'abc');
  });

  it('leaves no secret, whatever its characters and its form', () => {
    const secrets = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 20 }).filter((text) => {
      // Half a surrogate pair has no encoding.
      return Buffer.from(text).toString() === text && text.trim().length >= 4 && !'***'.includes(text);
    });
    fc.assert(
      fc.property(secrets, (secret) => {
        for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
          const masked = redact(`x ${form} y`, [secret]);
          assert.equal(masked.includes(form) && !'x *** y'.includes(form), false, masked);
        }
      }),
    );
  });
});
