import assert from 'node:assert/strict';
import { serverRules } from '../../../lib/diagnose/server/index.js';
import { findingsWith } from '../../support/evidence.js';
import { startPgBouncer, type PgBouncer } from '../../support/pgbouncer.js';
import { createTestDatabase, testServer } from '../../support/postgres.js';

describe('rule: pooler', function () {
  this.timeout(60_000);
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let pgbouncer: PgBouncer | undefined;
  before(async () => (database = await createTestDatabase()));
  afterEach(async () => {
    await pgbouncer?.stop();
    pgbouncer = undefined;
  });
  after(() => database.drop());

  for (const [mode, poolSize] of [
    ['transaction', 5],
    ['transaction', 1],
    ['statement', 5],
  ] as const) {
    it(`finds PgBouncer in ${mode} mode with ${poolSize} connections by what it does, and gives the direct URL`, async () => {
      pgbouncer = await startPgBouncer(database.url, { mode, poolSize });
      const findings = await findingsWith(serverRules, { url: pgbouncer.url });
      assert.deepEqual(
        findings.map(({ code, subject }) => [code, subject]),
        [['DBB4041', { host: '127.0.0.1', port: String(pgbouncer.port), mode }]],
      );
      const { host, port } = await testServer();
      assert.ok(findings[0]?.help?.endsWith(`@${host}:${port}/${database.name}`), findings[0]?.help);
    });
  }

  it('finds nothing wrong with PgBouncer in session mode, nor with the server itself', async () => {
    pgbouncer = await startPgBouncer(database.url, { mode: 'session' });
    for (const url of [pgbouncer.url, database.url]) {
      assert.deepEqual(await findingsWith(serverRules, { url }), []);
    }
  });

  it('tells a parameter that a pooler refuses from a wrong login', async () => {
    pgbouncer = await startPgBouncer(database.url, { mode: 'session' });
    const [finding, ...others] = await findingsWith(serverRules, {
      url: `${pgbouncer.url}?options=-csearch_path%3Dshop`,
    });
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB4042');
    assert.deepEqual([finding.subject.part, finding.subject.setting], ['parameter', 'options']);
    assert.match(finding.help ?? '', /ignore_startup_parameters/);
  });
});
