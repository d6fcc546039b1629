import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { autodetect, inspect, migrate, states } from '../../lib/django/index.js';
import { projectPlace } from '../../lib/django/project-place.js';
import { renderProblem, type BootstrapError } from '../../lib/errors/index.js';
import { openHost, type TestHost, type TestHostOptions } from '../support/host.js';
import { Database, resolveConnection } from '../../lib/postgres/index.js';
import { createTestDatabase } from '../support/postgres.js';
import { rejection } from '../support/rejection.js';

const plain = join(process.cwd(), 'test/fixtures/django/plain');
const example = join(process.cwd(), 'examples/django-tenants');

/** A copy of a project, changed before its host starts. */
async function withProject(
  options: TestHostOptions,
  change: (directory: string) => Promise<unknown>,
  work: (project: TestHost) => Promise<void>,
): Promise<void> {
  const project = await openHost(options);
  try {
    await change(project.directory);
    await work(project);
  } finally {
    await project.close();
  }
}

function noteOf(error: BootstrapError, label: string): string | undefined {
  return error.problems[0].notes?.find((note) => note.label === label)?.text;
}

const migration = (operation: string, extra = ''): string => `
import time
from django.db import migrations, models

${extra}

class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [${operation}]
`;

describe('failures of the host', function () {
  this.timeout(60_000);

  it('shows what the settings raise, with the place in the project', async () => {
    await withProject(
      { directory: plain },
      (directory) => appendFile(join(directory, 'shop/settings.py'), '\nTOKEN = os.environ["SHOP_TOKEN"]\n'),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6003');
        assert.equal(
          error.message,
          'the settings read the variable "SHOP_TOKEN" of the environment, which is not set',
        );
        assert.match(error.problems[0].place?.file ?? '', /^shop\/settings\.py$/);
        assert.match(error.problems[0].output ?? '', /^shop\/settings\.py:\d+ in <module>: TOKEN = /);
        assert.equal(noteOf(error, 'settings'), 'shop.settings');
        // The next request is told the same, not that something was loaded halfway.
        assert.equal((await rejection(inspect(project.forTask()))).code, 'DBB6003');
      },
    );
  });

  it('names a settings module, or a module that the settings import, that is not there', async () => {
    await withProject({ directory: plain, settings: 'shop.nothing' }, done, async (project) => {
      const error = await rejection(inspect(project.forTask()));
      assert.equal(error.code, 'DBB6003');
      assert.equal(error.message, "No module named 'shop.nothing'");
    });
  });

  it('shows a syntax error where it stands', async () => {
    await withProject(
      { directory: plain },
      (directory) => writeFile(join(directory, 'shop/settings.py'), 'A = 1\nB = = 2\n'),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6003');
        const text = { source: 'B = = 2', column: 1, length: 7 };
        assert.deepEqual(error.problems[0].place, { file: 'shop/settings.py', line: 2, ...text });
        // As a person types it where manage.py is in a folder of the project.
        const folders = { directory: project.directory, root: join(project.directory, '..') };
        assert.deepEqual(projectPlace('shop/settings.py:2', folders), {
          file: `${basename(project.directory)}/shop/settings.py`,
          line: 2,
          ...text,
        });
        assert.deepEqual(projectPlace('gone.py:2', { ...folders, root: project.directory }), {
          file: 'gone.py',
          line: 2,
        });
      },
    );
  });

  it('shows what an app raises while Django loads it', async () => {
    await withProject(
      { directory: plain },
      (directory) =>
        appendFile(join(directory, 'stock/models.py'), '\nraise RuntimeError("no shelves today")\n'),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6030');
        assert.equal(error.message, 'no shelves today');
        assert.equal(error.problems[0].place?.file, 'stock/models.py');
        assert.equal(error.problems[0].help, 'correct the project where the exception was raised');
      },
    );
  });

  it("says what Django's checks of the project found, the errors first", async () => {
    const checks = `
from django.core.checks import Critical, Error, Warning, register


@register()
def look(app_configs, **kwargs):
    return [
        Warning("the shelf is dusty", id="stock.W001"),
        Error("the shelf is too short.", hint="buy a longer one", obj=Shelf, id="stock.E001"),
        Critical("the shelf has fallen.", id="stock.C001"),
    ]
`;
    await withProject(
      { directory: plain },
      (directory) => appendFile(join(directory, 'stock/models.py'), checks),
      async (project) => {
        const error = await rejection(migrate(project.forTask(), { schema: null }));
        assert.equal(error.code, 'DBB6030');
        assert.equal(error.message, '(stock.C001) the shelf has fallen');
        assert.equal(
          noteOf(error, 'says'),
          'stock.Shelf: (stock.E001) the shelf is too short. HINT: buy a longer one',
        );
        assert.equal(
          error.problems[0].help,
          'correct what it names; "python manage.py check" shows the same',
        );
      },
    );
  });

  it('says what the system refused below what somebody made of it', async () => {
    const logging = `
LOGGING = {
    "version": 1,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": "nowhere/shop.log"}},
    "root": {"handlers": ["file"]},
}
`;
    await withProject(
      { directory: plain },
      (directory) => appendFile(join(directory, 'shop/settings.py'), logging),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6030');
        assert.match(
          error.message,
          /^Unable to configure handler 'file': \[Errno 2\] No such file or directory: '.*\/nowhere\/shop\.log'$/,
        );
      },
    );
  });

  it('shows the way into an installed package that raises something on its own', async () => {
    await withProject(
      { directory: plain, env: { PYTHONPATH: 'lib/site-packages' } },
      async (directory) => {
        await mkdir(join(directory, 'lib/site-packages/queues'), { recursive: true });
        await writeFile(
          join(directory, 'lib/site-packages/queues/__init__.py'),
          'def connect():\n    raise RuntimeError("cannot open the queue")\n\n\nconnect()\n',
        );
        await appendFile(join(directory, 'shop/settings.py'), '\nINSTALLED_APPS.append("queues")\n');
      },
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6030');
        assert.equal(error.message, 'cannot open the queue');
        assert.equal(noteOf(error, 'raised in'), 'queues/__init__.py:2 in connect');
        assert.equal(
          error.problems[0].output,
          'queues/__init__.py:5 in <module>: connect()\nqueues/__init__.py:2 in connect: raise RuntimeError("cannot open the queue")',
        );
        assert.equal(error.problems[0].help, 'look at what the project asks of the package that raised it');
      },
    );
  });

  it('says that the project ends the process while it loads', async () => {
    await withProject(
      { directory: plain },
      (directory) => appendFile(join(directory, 'shop/settings.py'), '\nsys.exit("not today")\n'),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6003');
        assert.match(error.message, /not today/);
      },
    );
    await withProject(
      { directory: plain },
      (directory) =>
        appendFile(join(directory, 'shop/settings.py'), '\nsys.stderr.write("last words\\n")\nos._exit(3)\n'),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6009');
        assert.equal(error.message, 'the host died: it ended with 3 while answering "inspect"');
        assert.match(error.problems[0].output ?? '', /last words$/);
      },
    );
  });

  it('takes the old name of the engine, under which there are no tenants either', async () => {
    const old = 'DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql_psycopg2"\n';
    await withProject(
      { directory: plain },
      (directory) => appendFile(join(directory, 'shop/settings.py'), old),
      async (project) => {
        assert.equal((await states(project.forTask())).schemas[0]?.applied, 0);
      },
    );
    await withProject(
      { directory: example, settings: 'wholesale.settings.test' },
      (directory) => appendFile(join(directory, 'wholesale/settings/test.py'), old),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6032');
        assert.match(error.message, /postgresql_psycopg2, which knows no tenants$/);
      },
    );
  });

  it('refuses an engine that is not PostgreSQL, or that knows no tenants', async () => {
    await withProject({ directory: plain, settings: 'shop.lite' }, done, async (project) => {
      const error = await rejection(inspect(project.forTask()));
      assert.equal(error.code, 'DBB6032');
      assert.match(error.message, /sqlite3, not PostgreSQL$/);
    });
    await withProject(
      { directory: example, settings: 'wholesale.settings.test' },
      (directory) =>
        appendFile(
          join(directory, 'wholesale/settings/test.py'),
          'DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"\n',
        ),
      async (project) => {
        const error = await rejection(inspect(project.forTask()));
        assert.equal(error.code, 'DBB6032');
      },
    );
  });

  it('says that Django is not installed', async () => {
    await withProject({ directory: plain, python: '/usr/bin/python3' }, done, async (project) => {
      const error = await rejection(inspect(project.forTask()));
      assert.equal(error.code, 'DBB6002');
      assert.match(error.message, /^Django is not installed for .*python/);
    });
  });

  it('says where the password of Django is, when it is a wrong one', async () => {
    await withProject({ directory: plain }, done, async (project) => {
      const url = new URL(project.url);
      url.password = 'wrong';
      const error = await rejection(states(project.forTask({ env: { DATABASE_URL: url.href } })));
      assert.equal(error.code, 'DBB4002');
      assert.match(error.problems[0].help ?? '', /PASSWORD of DATABASES\["default"\] in shop\.settings/);
    });
  });

  for (const set of ['old', 'new'] as const) {
    it(`says why no session came about, as our own connection would (${set})`, async () => {
      await withProject({ directory: plain, set }, done, async (project) => {
        const told = async (change: (url: URL) => void): Promise<string> => {
          const url = new URL(project.url);
          change(url);
          const error = await rejection(states(project.forTask({ env: { DATABASE_URL: url.href } })));
          const own = new Database(resolveConnection(url.href, {}), { applicationName: 'db-bootstrap/test' });
          const same = await rejection(own.query('select 1'));
          await own.close();
          assert.equal(error.code, same.code);
          return error.message;
        };
        assert.equal(
          await told((url) => (url.pathname = '/no_such_db')),
          'the database "no_such_db" does not exist',
        );
        assert.match(await told((url) => (url.port = '1')), /^nothing listens at [\w.:]+:1$/);
        assert.equal(
          await told((url) => (url.hostname = 'nowhere.invalid')),
          'the host name "nowhere.invalid" does not resolve',
        );
      });
    });
  }

  describe('refuses an interpreter', () => {
    /** The failure where a program, or a script of the project, stands for Python. */
    const refusal = async (program: string): Promise<BootstrapError> => {
      const isScript = program.startsWith('#!');
      const folder = await mkdtemp(join(tmpdir(), 'dbb-python-'));
      const python = isScript ? join(folder, 'python') : program;
      if (isScript) await writeFile(python, program, { mode: 0o755 });
      const project = await openHost({ directory: plain, python });
      try {
        return await rejection(inspect(project.forTask()));
      } finally {
        await project.close();
        await rm(folder, { recursive: true });
      }
    };

    it('that is another program', async () => {
      const error = await refusal('/bin/ls');
      assert.equal(error.code, 'DBB6001');
      assert.equal(error.message, '"django.python" names /bin/ls, which is not a Python interpreter');
      assert.match(error.problems[0].help ?? '', /^correct "django\.python"/);
      assert.match(error.problems[0].output ?? '', /^ls \(/);
    });

    it('that the system cannot start', async () => {
      const error = await refusal('#!/nowhere/python3\n');
      assert.equal(error.code, 'DBB6001');
      assert.match(error.message, /names \/.*\/python, which is not a Python interpreter$/);
      assert.match(error.problems[0].output ?? '', /ENOENT/);
    });

    it('that is too old to load the host', async () => {
      const error = await refusal('#!/bin/sh\n[ "$1" = --version ] && echo Python 2.7.18 >&2\nexit 1\n');
      assert.equal(error.code, 'DBB6036');
      assert.match(error.message, /\/python is Python 2\.7\.18, and db-bootstrap needs 3\.9 or newer$/);
      assert.equal(error.problems[0].help, 'name a newer interpreter in "django.python"');
    });

    it('that loads the host and is too old all the same', async () => {
      const error = await refusal(`#!/bin/sh\necho '{"protocol": 1, "python": "3.8.20"}' >&4; cat <&3\n`);
      assert.equal(error.code, 'DBB6036');
      assert.match(error.message, /is Python 3\.8\.20, /);
    });

    it('and says that the host died where it is a good one', async () => {
      const error = await refusal('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.12.1\nexit 7\n');
      assert.equal(error.code, 'DBB6009');
      assert.equal(error.message, 'the host died: it ended with 7 while starting');
    });
  });

  it('refuses a host of another version, and one that is none', async () => {
    for (const [script, message] of [
      [`echo '{"protocol": 7}' >&4; cat <&3`, /spoke version 7 of the protocol/],
      [`echo 'hello' >&4; cat <&3`, /spoke a line that is not an answer/],
    ] as const) {
      const project = await openHost({ directory: plain });
      try {
        const python = join(project.directory, 'fake-python');
        await writeFile(python, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        const fake = await openHost({ directory: plain, python, url: project.url });
        try {
          const error = await rejection(inspect(fake.forTask()));
          assert.equal(error.code, 'DBB6010');
          assert.match(error.message, message);
        } finally {
          await fake.close();
        }
      } finally {
        await project.close();
      }
    }
  });

  it('changes nothing in a database that is not the workflow’s', async () => {
    const other = await createTestDatabase();
    try {
      await withProject({ directory: plain, workflowUrl: other.url }, done, async (project) => {
        const host = project.forTask();
        await inspect(host);
        await autodetect(host);
        const error = await rejection(migrate(host, { schema: null }));
        assert.equal(error.code, 'DBB6005');
        const text = renderProblem(error.problems[0]);
        assert.ok(text.includes(other.name) && text.includes(new URL(project.url).pathname.slice(1)));
        assert.ok(!text.includes('word'));
        assert.deepEqual(await project.rows("select 1 from pg_tables where schemaname = 'public'"), []);
        // It is asked again: nothing was proven.
        assert.equal((await rejection(states(host))).code, 'DBB6005');
      });
    } finally {
      await other.drop();
    }
  });

  it('tells a conflict, and a dependency that is not there', async () => {
    await withProject(
      { directory: plain },
      async (directory) => {
        await writeFile(join(directory, 'stock/migrations/0002_a.py'), migration(''));
        await writeFile(join(directory, 'stock/migrations/0002_b.py'), migration(''));
      },
      async (project) => {
        const host = project.forTask();
        const conflicts = [{ app: 'stock', leaves: ['0002_a', '0002_b'], own: true }];
        assert.deepEqual((await states(host)).conflicts, conflicts);
        assert.deepEqual((await autodetect(host)).conflicts, conflicts);
        assert.equal((await rejection(migrate(host, { schema: null }))).code, 'DBB6007');
      },
    );
    await withProject(
      { directory: plain },
      (directory) =>
        writeFile(
          join(directory, 'stock/migrations/0002_a.py'),
          migration('').replace('0001_initial', '0001_gone'),
        ),
      async (project) => {
        const error = await rejection(states(project.forTask()));
        assert.equal(error.code, 'DBB6026');
        assert.match(error.message, /stock\.0002_a.*'stock', '0001_gone'/);
      },
    );
  });

  it('says which operation of which migration failed, with the statement and its SQLSTATE', async () => {
    await withProject(
      { directory: plain },
      (directory) =>
        writeFile(
          join(directory, 'stock/migrations/0002_wide.py'),
          migration(
            'migrations.RunSQL("select 1"), migrations.RunSQL("alter table stock_shelf add column code integer")',
          ),
        ),
      async (project) => {
        const error = await rejection(migrate(project.forTask(), { schema: null }));
        assert.equal(error.code, 'DBB6011');
        assert.equal(error.message, 'column "code" of relation "stock_shelf" already exists');
        assert.equal(noteOf(error, 'schema'), 'public');
        assert.equal(noteOf(error, 'migration'), 'stock.0002_wide, operation "Raw SQL operation"');
        assert.equal(noteOf(error, 'sqlstate'), '42701');
        assert.equal(noteOf(error, 'statement'), 'alter table stock_shelf add column code integer');
        const { facts } = error.problems[0];
        assert.equal(facts?.migration, 'stock.0002_wide');
        // The migration was rolled back, those before it stay, and the connection is of use again.
        const [state] = (await states(project.forTask())).schemas;
        assert.deepEqual(state?.pending, [{ app: 'stock', name: '0002_wide' }]);
      },
    );
  });

  it('shows the line of a long statement that is wrong', async () => {
    await withProject(
      { directory: plain },
      (directory) =>
        writeFile(
          join(directory, 'stock/migrations/0002_wide.py'),
          migration(
            'migrations.RunSQL("alter table stock_shelf add note text;\\n\\nalter table stock_shelf modify note int")',
          ),
        ),
      async (project) => {
        const error = await rejection(migrate(project.forTask(), { schema: null }));
        assert.equal(
          renderProblem({ ...error.problems[0], output: '' }),
          `error[DBB6011]: syntax error at or near "modify"
  --> statement, line 3
  |
3 | alter table stock_shelf modify note int
  |                         ~
  schema: public
  migration: stock.0002_wide, operation "Raw SQL operation"
  sqlstate: 42601`,
        );
      },
    );
  });

  it('shows where Python code of a migration failed', async () => {
    await withProject(
      { directory: plain },
      (directory) =>
        writeFile(
          join(directory, 'stock/migrations/0002_count.py'),
          migration(
            'migrations.RunPython(count)',
            'def count(apps, editor):\n    raise ValueError("too few")\n',
          ),
        ),
      async (project) => {
        const error = await rejection(migrate(project.forTask(), { schema: null }));
        assert.equal(error.code, 'DBB6011');
        assert.equal(error.message, 'too few');
        assert.equal(error.problems[0].place?.file, 'stock/migrations/0002_count.py');
        assert.equal(noteOf(error, 'exception'), 'ValueError');
      },
    );
  });

  it('does not let a package of the project stand before its own', async () => {
    await withProject(
      { directory: plain },
      (directory) =>
        mkdir(join(directory, 'queue')).then(() => writeFile(join(directory, 'queue/__init__.py'), '')),
      async (project) => {
        assert.equal((await inspect(project.forTask())).tenancy, false);
      },
    );
  });
});

function done(): Promise<void> {
  return Promise.resolve();
}
