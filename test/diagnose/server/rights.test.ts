import assert from 'node:assert/strict';
import { privileges } from '../../../lib/diagnose/server/privileges.js';
import { writable } from '../../../lib/diagnose/server/writable.js';
import { findingsWith } from '../../support/evidence.js';
import { createTestDatabase, query, startServer, type OwnServer } from '../../support/postgres.js';
import { obeySql } from '../../support/repairs.js';

const tenants = `preset: django-tenants
tenants:
  - { schema: acme, domain: acme.example.com }
`;

describe('rules: writable and privileges', function () {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let role: string;
  let app: string;
  before(async () => {
    database = await createTestDatabase();
    role = `app_${database.name}`;
    await query(database.url, `create role ${role} login password 'secret'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'secret';
    app = url.href;
  });
  after(async () => {
    await query(database.url, `drop owned by ${role}`);
    await query(database.url, `drop role ${role}`);
    await database.drop();
  });

  for (const [where, set, reset] of [
    ['database', () => `database ${database.name}`, () => `ALTER DATABASE "${database.name}" RESET`],
    ['role', () => `role ${role}`, () => `ALTER ROLE "${role}" RESET`],
    [
      'role in a database',
      () => `role ${role} in database ${database.name}`,
      () => `ALTER ROLE "${role}" IN DATABASE "${database.name}" RESET`,
    ],
  ] as const) {
    it(`finds transactions that are read-only by a setting of the ${where}`, async () => {
      await query(database.url, `alter ${set()} set default_transaction_read_only = on`);
      try {
        const [finding, ...others] = await findingsWith([writable], { url: app });
        assert.deepEqual(others, []);
        assert.equal(finding?.code, 'DBB4044');
        assert.deepEqual(finding.subject, {
          setting: 'default_transaction_read_only',
          role,
          database: database.name,
        });
        assert.ok(finding.help?.includes(reset()), finding.help);
        // As the owner, whose transactions are read-only as well where the database says so.
        await obeySql(where === 'database' ? database.url : app, finding.help);
        assert.deepEqual(await findingsWith([writable], { url: app }), []);
      } finally {
        await query(
          `${database.url}?options=-cdefault_transaction_read_only%3Doff`,
          `alter ${set()} reset default_transaction_read_only`,
        );
      }
    });
  }

  it('finds read-only transactions that the URL asks for', async () => {
    const url = `${app}?options=-cdefault_transaction_read_only%3Don`;
    const [finding] = await findingsWith([writable], { url });
    assert.equal(finding?.code, 'DBB4044');
    assert.match(finding.help ?? '', /PGOPTIONS/);
  });

  it('finds nothing wrong with a role that may write', async () => {
    assert.deepEqual(await findingsWith([writable], { url: app }), []);
  });

  it('finds a role that may not create the schemas of tenants, nor tables in "public"', async () => {
    await query(database.url, 'revoke create on schema public from public');
    const findings = await findingsWith([privileges], { url: app, config: tenants });
    assert.deepEqual(
      findings.map(({ code, subject }) => [code, subject]),
      [
        ['DBB4047', { role, database: database.name }],
        ['DBB4048', { role, database: database.name, schema: 'public' }],
      ],
    );
    assert.match(
      findings[0]?.help ?? '',
      new RegExp(`GRANT CREATE ON DATABASE "${database.name}" TO "${role}"`),
    );
    assert.match(findings[1]?.help ?? '', new RegExp(`GRANT CREATE ON SCHEMA "public" TO "${role}"`));
    assert.match(findings[0]?.evidence.join() ?? '', /acme/);
    for (const { help } of findings) await obeySql(database.url, help);
    assert.deepEqual(await findingsWith([privileges], { url: app, config: tenants }), []);
    await query(
      database.url,
      `revoke create on schema public from ${role}; revoke create on database ${database.name} from ${role}`,
    );
  });

  it('finds nothing wrong where nothing is to be created, or the role may', async () => {
    await query(database.url, 'create schema acme; create table public.django_migrations (id integer)');
    assert.deepEqual(await findingsWith([privileges], { url: app, config: tenants }), []);
    await query(database.url, 'drop schema acme; drop table public.django_migrations');
    await query(
      database.url,
      `grant create on schema public to ${role}; grant create on database ${database.name} to ${role}`,
    );
    assert.deepEqual(await findingsWith([privileges], { url: app, config: tenants }), []);
  });

  it('finds a standby', async () => {
    const server: OwnServer = await startServer();
    try {
      await server.standby();
      const [finding, ...others] = await findingsWith([writable], { url: server.url });
      assert.deepEqual(others, []);
      assert.equal(finding?.code, 'DBB4043');
      assert.match(finding.help ?? '', /primary/);
    } finally {
      await server.stop();
    }
  });
});
