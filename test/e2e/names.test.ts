import assert from 'node:assert/strict';
import { bootstrap } from '../support/command.js';
import { makeFolder } from '../support/folder.js';

const long = 'a'.repeat(60) + 'üü';

/** Names that PostgreSQL cannot have, and what is said to each. Nothing connects: the server that they name does not exist. */
const cases: readonly {
  readonly name: string;
  readonly config: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly says: string;
}[] = [
  {
    name: 'a template that is empty',
    config: `tasks:\n  wait: { use: wait, createDatabase: true, template: '' }\n`,
    says: 'error[DBB2004]: tasks.wait.template must not be empty\n  --> .bootstraprc:2:',
  },
  {
    name: 'an owner that is empty',
    config: `tasks:\n  wait: { use: wait, createDatabase: true, owner: '' }\n`,
    says: 'error[DBB2004]: tasks.wait.owner must not be empty\n  --> .bootstraprc:2:',
  },
  {
    name: 'an encoding that is empty',
    config: `tasks:\n  wait: { use: wait, createDatabase: true, encoding: '' }\n`,
    says: 'error[DBB2004]: tasks.wait.encoding must not be empty\n  --> .bootstraprc:2:',
  },
  {
    name: 'an owner that is too long',
    config: `tasks:\n  wait: { use: wait, createDatabase: true, owner: ${long} }\n`,
    says: 'error[DBB2004]: tasks.wait.owner is not valid: a name in PostgreSQL has at most 63 bytes, and the rest would be cut off\n  --> .bootstraprc:2:',
  },
  {
    name: 'a schema of a sql task that is too long',
    config: `tasks:\n  x: { use: sql, text: select 1, schemas: [${long}] }\n`,
    says: 'error[DBB2004]: tasks.x.schemas[0] is not valid: a name in PostgreSQL has at most 63 bytes, and the rest would be cut off\n  --> .bootstraprc:2:',
  },
  {
    name: 'a schema of the ledger that is too long',
    config: `ledger: { schema: ${long} }\ntasks: { x: { use: sql, text: select 1 } }\n`,
    says: 'error[DBB2004]: ledger.schema is not valid: a name in PostgreSQL has at most 63 bytes, and the rest would be cut off\n  --> .bootstraprc:1:',
  },
  {
    name: 'a schema of a tenant that is too long',
    config: `preset: django-tenants\ntenants: [{ schema: ${long}, domain: a.test }]\n`,
    says: `error[DBB6023]: the schema name "${long}" is not valid: it has more than 63 bytes\n  --> .bootstraprc:2:`,
  },
  {
    name: 'a database in the parts that is too long',
    config: `database: { host: no.such.host.invalid, name: ${long} }\ntasks: { x: { use: sql, text: select 1 } }\n`,
    says: 'error[DBB2004]: database.name is not valid: a name in PostgreSQL has at most 63 bytes, and the rest would be cut off\n  --> .bootstraprc:1:',
  },
  {
    name: 'an embedded database that is too long',
    config: `database: { embedded: { name: ${long} } }\ntasks: { x: { use: sql, text: select 1 } }\n`,
    says: 'error[DBB2004]: database.embedded.name is not valid: a name in PostgreSQL has at most 63 bytes, and the rest would be cut off\n  --> .bootstraprc:1:',
  },
  {
    name: 'a database in the URL that is too long',
    config: `database: postgres://app@no.such.host.invalid/${long}\ntasks: { x: { use: sql, text: select 1 } }\n`,
    says: `error[DBB4006]: the database URL "postgres://app@no.such.host.invalid/${long}" is not one: the name of the database in it has 64 bytes, of which PostgreSQL keeps 63\n  --> .bootstraprc:1:11\n`,
  },
  {
    name: 'a database in PGDATABASE that is too long',
    config: 'tasks: { x: { use: sql, text: select 1 } }\n',
    env: { PGHOST: 'no.such.host.invalid', PGDATABASE: long },
    says: 'error[DBB4006]: the name of the database in PGDATABASE has 64 bytes, of which PostgreSQL keeps 63\n  --> PGDATABASE\n  help: choose a name of at most 63 bytes\n',
  },
  {
    name: 'a user in PGUSER that is too long',
    config: 'tasks: { x: { use: sql, text: select 1 } }\n',
    env: { PGHOST: 'no.such.host.invalid', PGUSER: long, PGDATABASE: 'app' },
    says: 'error[DBB4006]: the name of the user in PGUSER has 64 bytes, of which PostgreSQL keeps 63\n  --> PGUSER\n  help: choose a name of at most 63 bytes\n',
  },
];

describe('names that PostgreSQL cannot have', function () {
  this.timeout(30_000);
  for (const { name, config, env = {}, says } of cases) {
    it(name, async () => {
      const project = makeFolder({ '.bootstraprc': config });
      const database =
        config.includes('database:') || env.PGHOST
          ? {}
          : { DATABASE_URL: 'postgres://u@no.such.host.invalid/x' };
      for (const command of ['run', 'plan']) {
        const { code, stderr } = await bootstrap([command], {
          cwd: project.folder,
          env: { ...database, ...env },
        });
        assert.ok(stderr.startsWith(says), `${command}: ${stderr}`);
        assert.equal(code, says.includes('DBB6') ? 1 : 2);
      }
      project.remove();
    });
  }
});
