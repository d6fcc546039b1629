import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind, TaskResult } from '../../config/define.js';
import { builtinKinds } from '../../tasks/index.js';
import { makemigrations } from '../../tasks/makemigrations.js';
import { djangoTask } from '../support/django-task.js';
import { FailingProject } from '../support/failed-task.js';
import { openHost, type TestHost } from '../support/host.js';
import { pythonOf } from '../support/python.js';
import { rejection } from '../support/rejection.js';
import { planOf } from '../support/wholesale.js';

const kind = makemigrations as unknown as TaskKind;

describe('task makemigrations', function () {
  this.timeout(60_000);
  let project: TestHost;

  beforeEach(async () => {
    project = await openHost({ directory: join(process.cwd(), 'test/fixtures/django/plain') });
  });
  afterEach(() => project.close());

  const checkOf = async (name: string): Promise<TaskResult> => {
    const check = builtinKinds.get(name);
    assert.ok(check);
    return check.run(djangoTask(project, check));
  };
  const drift = (): Promise<void> =>
    writeFile(
      join(project.directory, 'stock/models.py'),
      'from django.db import models\n\n\nclass Shelf(models.Model):\n    code = models.CharField(max_length=30)\n    wide = models.IntegerField(default=1)\n',
    );

  it('has nothing to do where models and migrations agree', async () => {
    const task = djangoTask(project, kind);
    const reason = 'models and migrations agree';
    assert.deepEqual(await planOf(kind, task), { action: 'up-to-date', reason });
    assert.deepEqual(await kind.run(task), { changed: false, summary: reason });
  });

  it('fails with the missing operations of each app', async () => {
    await drift();
    const task = djangoTask(project, kind);
    assert.equal((await planOf(kind, task)).reason, '1 app lacks migrations: stock');
    const error = await rejection(kind.run(task));
    assert.equal(error.code, 'DBB6006');
    assert.equal(error.message, 'models and migrations differ in the app "stock"');
    const [note] = error.problems[0].notes ?? [];
    assert.equal(note?.label, 'stock');
    assert.match(note.text, /Add field wide to shelf; Alter field code on shelf/);
    assert.equal(error.problems[0].help, 'run "python manage.py makemigrations stock" and commit the file');
    // Other apps only.
    const others = djangoTask(project, kind, { options: { apps: ['auth'] } });
    assert.equal((await planOf(kind, others)).action, 'up-to-date');
    const unknown = djangoTask(project, kind, { options: { apps: ['stok'] } });
    assert.equal((await rejection(planOf(kind, unknown))).code, 'DBB6025');
  });

  it('leaves a package that is not of the project to its authors, unless the config names it', async () => {
    const parts = ['site-packages', 'labels'];
    const file = (name: string): string => join(project.directory, ...parts, name);
    await mkdir(file('migrations'), { recursive: true });
    await writeFile(file('__init__.py'), '');
    await writeFile(file('migrations/__init__.py'), '');
    await writeFile(
      file('models.py'),
      'from django.db import models\n\n\nclass Label(models.Model):\n    text = models.CharField(max_length=9)\n',
    );
    await appendFile(
      join(project.directory, 'shop/settings.py'),
      '\nimport sys\n\nsys.path.append("site-packages")\nINSTALLED_APPS = [*INSTALLED_APPS, "labels"]\n',
    );
    const reason =
      'models and migrations agree in the apps of the project; those of installed packages differ: labels';
    assert.deepEqual(await planOf(kind, djangoTask(project, kind)), { action: 'up-to-date', reason });
    const writing = await kind.run(djangoTask(project, kind, { options: { write: true } }));
    assert.deepEqual([writing.changed, writing.summary], [false, reason]);
    const error = await rejection(kind.run(djangoTask(project, kind, { options: { apps: ['labels'] } })));
    assert.equal(error.code, 'DBB6006');
    const advice = 'install a release of the package of "labels" whose migrations make what its models say';
    assert.equal(error.problems[0].help, advice);
    const { findings = [] } = await checkOf('check-tables');
    assert.deepEqual(
      findings
        .filter(({ subject }) => subject.table === 'labels_label')
        .map(({ code, help }) => [code, help]),
      [['DBB6031', advice]],
    );
    const failing = new FailingProject(
      project.url,
      project.directory,
      await pythonOf('old'),
      () => Promise.resolve(),
      'shop.settings',
    );
    try {
      const select = `psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -c 'select * from labels_label'`;
      const { code, help } = await failing.failCommand(select);
      assert.deepEqual([code, help], ['DBB6006', advice]);
      for (const name of ['0001_a', '0001_b'])
        await writeFile(
          file(`migrations/${name}.py`),
          'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    pass\n',
        );
      const anew =
        'remove the package of "labels" and install it anew: its folder holds migrations of two releases';
      const conflict = await failing.failCommand(`${failing.python} manage.py migrate`);
      assert.deepEqual([conflict.code, conflict.help], ['DBB6007', anew]);
      const states = await checkOf('check-migrations');
      assert.deepEqual(
        states.findings?.filter(({ code }) => code === 'DBB6007').map(({ help }) => help),
        [anew],
      );
      const refused = await rejection(project.forTask().request('migrate', { schema: null }));
      assert.deepEqual([refused.code, refused.problems[0].help], ['DBB6007', anew]);
    } finally {
      await failing.close();
    }
  });

  it('writes where it is told to, but not in CI', async () => {
    await drift();
    const inCi = djangoTask(project, kind, { options: { write: true }, ci: true });
    assert.equal((await rejection(kind.run(inCi))).code, 'DBB6008');
    const task = djangoTask(project, kind, { options: { write: true } });
    const { changed, summary, details } = await kind.run(task);
    assert.equal(changed, true);
    assert.match(summary, /^1 file written: stock\/migrations\/0002_\w+\.py$/);
    assert.equal((details as string[]).length, 1);
    assert.equal((await planOf(kind, task)).action, 'up-to-date');
  });
});
