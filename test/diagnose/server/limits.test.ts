import assert from 'node:assert/strict';
import { limits } from '../../../lib/diagnose/server/limits.js';
import { findingsWith } from '../../support/evidence.js';
import { openHost } from '../../support/host.js';
import { query, startServer, testServer, type OwnServer } from '../../support/postgres.js';

const config = 'preset: django-tenants\nconcurrency: 8\n';

describe('rule: limits', function () {
  this.timeout(90_000);
  let server: OwnServer;
  before(async () => {
    server = await startServer({ settings: ['max_connections = 12', 'max_locks_per_transaction = 10'] });
  });
  after(() => server.stop());

  it('finds too few connections of the server, with the numbers', async () => {
    const role = new URL(server.url);
    await query(server.url, `create role app login password 'secret'`);
    role.username = 'app';
    role.password = 'secret';
    const [finding, ...others] = await findingsWith([limits], { url: role.href, config });
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB4045');
    assert.equal(finding.subject.setting, 'max_connections');
    assert.equal(finding.message, 'the workflow needs 11 connections, and 9 are free');
    assert.match(finding.actual ?? '', /max_connections = 12, of which 3 are reserved and 0 are in use/);
    assert.match(finding.help ?? '', /raise max_connections to at least 14, or set "concurrency: 6"/);
  });

  it('finds a limit of the role and of the database', async () => {
    await query(server.url, `create role few login password 'secret' connection limit 4`);
    await query(server.url, 'create database small connection limit 3');
    const url = new URL(server.url);
    url.username = 'few';
    url.password = 'secret';
    const [ofRole] = await findingsWith([limits], { url: url.href, config });
    assert.equal(ofRole?.subject.setting, 'CONNECTION LIMIT of the role');
    assert.match(ofRole.help ?? '', /CONNECTION LIMIT of role "few" to at least 11, or set "concurrency: 1"/);
    url.pathname = '/small';
    const [ofDatabase] = await findingsWith([limits], { url: url.href, config });
    assert.equal(ofDatabase?.subject.setting, 'CONNECTION LIMIT of the database');
    assert.match(ofDatabase.help ?? '', /or end idle connections/);
  });

  it('finds too few locks for the number of tenants', async () => {
    const schemas = Array.from({ length: 70 }, (_, index) => `t${index}`);
    await query(server.url, 'create database fleet');
    const url = new URL(server.url);
    url.pathname = '/fleet';
    for (const schema of schemas)
      await query(
        url.href,
        `create schema ${schema} create table django_migrations (id integer primary key)`,
      );
    const [finding, ...others] = await findingsWith([limits], { url: url.href, config });
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB4046');
    assert.equal(finding.message, 'the fleet needs 140 locks at once, and the server has room for 120');
    assert.deepEqual(finding.subject, { setting: 'max_locks_per_transaction', database: 'fleet' });
    assert.match(finding.evidence.join(), /70 schemas/);
    assert.equal(finding.help, 'set max_locks_per_transaction to at least 15 and restart the server');
  });

  it('finds too few locks for the models of the project, before there is a tenant', async () => {
    const project = await openHost({
      directory: 'examples/django-tenants',
      settings: 'wholesale.settings.test',
    });
    try {
      const tight = await startServer({
        settings: [
          'max_connections = 4',
          'max_locks_per_transaction = 10',
          'superuser_reserved_connections = 0',
          'max_wal_senders = 0',
        ],
      });
      try {
        const found = await findingsWith([limits], {
          url: tight.url,
          config: 'preset: django-tenants\n',
          host: project.forTask(),
        });
        assert.deepEqual(
          found.map(({ code }) => code),
          ['DBB4045', 'DBB4046'],
        );
        assert.match(found[1]?.evidence.join() ?? '', /in the largest schema/);
      } finally {
        await tight.stop();
      }
    } finally {
      await project.close();
    }
  });

  it('finds nothing wrong with a server that has room', async () => {
    const { url } = await testServer();
    assert.deepEqual(await findingsWith([limits], { url, config }), []);
  });
});
