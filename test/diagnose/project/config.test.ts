import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo } from 'node:net';
import { loadWorkflow } from '../../../config/index.js';
import type { Evidence, Finding } from '../../../lib/diagnose/index.js';
import { projectRules } from '../../../lib/diagnose/project/index.js';
import { Database, resolveConnection } from '../../../lib/postgres/index.js';
import { builtinKinds } from '../../../tasks/index.js';
import { examineProject, type ProjectFiles, type ProjectOptions } from '../../support/django-project.js';
import { createTestDatabase, query } from '../../support/postgres.js';

const base = 'shop/settings/base.py';
const config = (tenant: string, preset = 'django-tenants'): string => `preset: ${preset}
database: \${DATABASE_URL}
tenants:
  - schema: acme
    domain: acme.example.com
${tenant}`;
const healthy = '    fields: { name: Acme }\n';

const workflowOf = async (cwd: string): Promise<Partial<Evidence>> => {
  const env = { DATABASE_URL: 'postgres://shop:secret-password@127.0.0.1:1/shop_test' };
  return { workflow: (await loadWorkflow({ cwd, env, builtinKinds })).workflow };
};

const findingsOf = async (
  fault: (files: ProjectFiles) => unknown,
  options: ProjectOptions = {},
): Promise<readonly Finding[]> =>
  (await examineProject(projectRules, fault, { evidence: workflowOf, ...options })).findings;

describe('the config of a project', () => {
  it('has nothing to find where it fits the models, by the name of a key or of its column', async () => {
    assert.deepEqual(await findingsOf((files) => files.write('.bootstraprc', config(healthy))), []);
  });

  it('tells a field that the tenant model does not have, at its line, with those that it has', async () => {
    const [finding, ...others] = await findingsOf((files) =>
      files.write('.bootstraprc', config('    fields:\n      name: Acme\n      noets: For CI\n')),
    );
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6015');
    assert.deepEqual(finding.subject, { tenant: 'acme', model: 'accounts.Client', field: 'noets' });
    assert.equal(finding.help, 'did you mean "notes"?');
    assert.deepEqual([finding.place?.file, finding.place?.line], ['.bootstraprc', 8]);
    assert.deepEqual(finding.evidence, ['field: name (CharField, required)', 'field: notes (TextField)']);
  });

  it('tells required fields that have no value, and the place of the tenant', async () => {
    const [finding, ...others] = await findingsOf((files) =>
      files.write('.bootstraprc', config('    fields: { notes: For CI }\n')),
    );
    assert.deepEqual(others, []);
    assert.equal(finding?.code, 'DBB6016');
    assert.deepEqual(finding.subject, { tenant: 'acme', model: 'accounts.Client', field: 'name' });
    assert.equal(finding.help, 'give "name" under "fields" of tenant "acme"');
    assert.equal(finding.place?.line, 6);
  });

  it('tells a field of a domain that its model does not have', async () => {
    const [finding, ...others] = await findingsOf((files) =>
      files.write('.bootstraprc', config(`${healthy}    domainFields: { secure: true }\n`)),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(finding?.subject, { tenant: 'acme', model: 'accounts.Domain', field: 'secure' });
  });

  it('tells tenants in the config of a project that has none', async () => {
    const [finding, ...others] = await findingsOf((files) => files.write('.bootstraprc', config(healthy)), {
      kind: 'plain',
    });
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.code, finding?.place?.line], ['DBB6018', 3]);
    assert.match(finding?.help ?? '', /remove "tenants" from the config/);
  });

  it('takes models that differ for no fault where the workflow writes the migrations itself', async () => {
    const differ = (files: ProjectFiles): ProjectFiles =>
      files.append('carriers/models.py', '    code = models.CharField(max_length=8, default="")\n');
    const told = await findingsOf((files) => differ(files).write('.bootstraprc', config(healthy)));
    assert.deepEqual(
      told.map(({ code }) => code),
      ['DBB6006'],
    );
    for (const task of [
      'makemigrations: { write: true }',
      'draw: { use: command, run: python manage.py makemigrations --no-input }',
    ])
      assert.deepEqual(
        await findingsOf((files) =>
          differ(files).write('.bootstraprc', `${config(healthy)}tasks:\n  ${task}\n`),
        ),
        [],
      );
  });

  it('warns of models that differ where the config leaves them unexamined', async () => {
    for (const task of ['{ enabled: false }', '{ apps: [orders] }']) {
      const findings = await findingsOf((files) =>
        files
          .append('carriers/models.py', '    code = models.CharField(max_length=8, default="")\n')
          .write('.bootstraprc', `${config(healthy)}tasks:\n  makemigrations: ${task}\n`),
      );
      assert.deepEqual(
        findings.map(({ code, severity }) => [code, severity]),
        [['DBB6006', 'warning']],
      );
    }
  });

  describe('and its database', () => {
    const fixed = (parts: string) => (files: ProjectFiles) =>
      files.append(base, `\nDATABASES["default"].update(${parts})\n`).write('.bootstraprc', config(healthy));

    it('tells settings that name another database, host or port, side by side and without the password', async () => {
      const [finding, ...others] = await findingsOf(
        (files) =>
          files
            .edit(base, '"NAME": _url.path[1:]', '"NAME": "shop"')
            .edit(base, '"PORT": _url.port', '"PORT": "5433"')
            .write('.bootstraprc', config(healthy)),
        {},
      );
      assert.deepEqual(others, []);
      assert.equal(finding?.code, 'DBB6005');
      assert.deepEqual(finding.subject, {
        setting: 'DATABASES',
        host: '127.0.0.1',
        port: '5433',
        database: 'shop',
      });
      assert.equal(finding.expected, "the workflow's database: 127.0.0.1:1/shop_test");
      assert.equal(finding.actual, 'the database of the settings: 127.0.0.1:5433/shop');
      assert.match(finding.place?.source ?? '', /"NAME": "shop"/);
      assert.match(finding.help ?? '', /^let DATABASES read DATABASE_URL/);
      assert.doesNotMatch(JSON.stringify(finding), /secret-password/);
    });

    it('tells a host that is another, and takes names of one host for one', async () => {
      const [finding] = await findingsOf(fixed('HOST="database.invalid"'));
      assert.deepEqual([finding?.code, finding?.subject.host], ['DBB6005', 'database.invalid']);
      assert.deepEqual(await findingsOf(fixed('HOST="localhost"')), []);
    });

    it('fills empty parts as libpq does', async () => {
      const empty = fixed('HOST="", PORT="", NAME=""');
      assert.deepEqual(
        await findingsOf(empty, { env: { PGHOST: '127.0.0.1', PGPORT: '1', PGDATABASE: 'shop_test' } }),
        [],
      );
      const [finding] = await findingsOf(empty);
      assert.deepEqual(finding?.subject, {
        setting: 'DATABASES',
        host: 'localhost',
        port: '5432',
        database: 'shop',
      });
    });
  });

  describe('and a database that answers', () => {
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    let ours: Database;
    before(async () => {
      database = await createTestDatabase();
      ours = new Database(resolveConnection(database.url, {}), { applicationName: 'db-bootstrap/test' });
    });
    after(async () => {
      await ours.close();
      await database.drop();
    });

    const answering = async (root: string): Promise<Partial<Evidence>> => ({
      ...(await workflowOf(root)),
      database: ours,
    });

    it('does not ask for the values of a tenant that exists', async () => {
      const lacking = (files: ProjectFiles): unknown =>
        files.write('.bootstraprc', config('    fields: { notes: For CI }\n'));
      const options: ProjectOptions = { evidence: answering, env: { DATABASE_URL: database.url } };
      assert.deepEqual(
        (await findingsOf(lacking, options)).map(({ code }) => code),
        ['DBB6016'],
      );
      await query(database.url, 'create schema acme');
      assert.deepEqual(await findingsOf(lacking, options), []);
    });

    it('takes a proxy of the same server for no other database, and a port where nobody listens for one', async () => {
      const { hostname, port, pathname, username, password } = new URL(database.url);
      const proxy = createServer((client) => {
        const server = connect({ host: hostname, port: Number(port) });
        for (const [from, to] of [
          [client, server],
          [server, client],
        ] as const)
          from.on('error', () => to.destroy()).pipe(to);
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', () => resolve()));
      const { port: other } = proxy.address() as AddressInfo;
      const through = (files: ProjectFiles): unknown =>
        files
          .edit(base, '"PORT": _url.port', `"PORT": "${String(other)}"`)
          .edit(base, '"PASSWORD": _url.password', `"PASSWORD": "${decodeURIComponent(password)}"`)
          .edit(base, '"USER": _url.username', `"USER": "${decodeURIComponent(username)}"`)
          .edit(base, '"HOST": _url.hostname', '"HOST": "127.0.0.1"')
          .edit(base, '"NAME": _url.path[1:]', `"NAME": "${pathname.slice(1)}"`)
          .write('.bootstraprc', config(healthy));
      const options: ProjectOptions = { evidence: answering, env: { DATABASE_URL: database.url } };
      try {
        assert.deepEqual(await findingsOf(through, options), []);
      } finally {
        await new Promise((resolve) => proxy.close(resolve));
      }
      const [finding] = await findingsOf(through, options);
      assert.deepEqual([finding?.code, finding?.subject.port], ['DBB6005', String(other)]);
    });
  });
});
