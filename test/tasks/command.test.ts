import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapError, type Problem } from '../../lib/errors/index.js';
import type { TaskKind } from '../../config/define.js';
import { command } from '../../tasks/command.js';
import { testContext, testMemory, type TestMemory } from '../support/task-context.js';

const kind = command as unknown as TaskKind;

describe('command', () => {
  let root: string;
  let memory: TestMemory;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dbb-command-'));
    memory = testMemory();
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(name: string, text: string, mode = 0o644): void {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), mode);
  }

  interface Extra {
    env?: Record<string, string>;
    signal?: AbortSignal;
  }

  const context = (options: unknown, extra: Extra = {}) =>
    testContext({ kind, root, memory, options, name: 'seed', ...extra });
  const run = (options: unknown, extra?: Extra) => kind.run(context(options, extra));
  const plan = (options: unknown, extra?: Extra) => kind.plan!(context(options, extra));
  const read = (name: string): string => readFileSync(join(root, name), 'utf8');

  async function failure(options: unknown, extra?: Extra): Promise<Problem> {
    try {
      await run(options, extra);
    } catch (error) {
      if (error instanceof BootstrapError) return error.problems[0];
      throw error;
    }
    throw new assert.AssertionError({ message: 'the task succeeded' });
  }

  describe('runs', () => {
    it('a text by the shell, in the folder of the config', async () => {
      assert.equal((await plan({ run: 'x' })).action, 'run');
      const result = await run(
        { run: 'echo "$A" | tr a-z A-Z > out && pwd >> out' },
        { env: { A: 'hello' } },
      );
      assert.deepEqual(result, { changed: true, summary: 'command succeeded' });
      assert.equal(read('out'), `HELLO\n${root}\n`);
    });

    it('a list without any shell', async () => {
      await run({ run: ['touch', 'a b', '$HOME;'] });
      assert.ok(existsSync(join(root, 'a b')) && existsSync(join(root, '$HOME;')));
    });

    it('in another folder, by another shell', async () => {
      mkdirSync(join(root, 'backend'));
      await run({ run: 'echo "${PWD##*/}" > >(cat > out; ) ; wait', cwd: 'backend', shell: '/bin/bash' });
      assert.equal(read('backend/out'), 'backend\n');
    });

    it('and hears from the command whether anything changed', async () => {
      const result = await run({
        run: `echo '{"changed": false, "summary": "3 rows were there"}' > "$DB_BOOTSTRAP_RESULT"`,
      });
      assert.deepEqual(result, { changed: false, summary: '3 rows were there' });
      const problem = await failure({ run: 'echo nonsense > "$DB_BOOTSTRAP_RESULT"' });
      assert.equal(problem.code, 'DBB5001');
      assert.match(problem.message, /DB_BOOTSTRAP_RESULT/);
    });

    it('no text where no shell may read it', () => {
      assert.throws(() => context({ run: 'echo', shell: false }), /write the command as a list/);
    });
  });

  describe('with sources and outputs', () => {
    const options = { run: 'cat src/* > out.txt', sources: ['src/*'], outputs: ['out.txt'] };

    beforeEach(() => write('src/a', 'one\n'));

    it('runs again only when a source, the command, its env or an output changed', async () => {
      assert.equal((await plan(options)).reason, 'it has not run yet');
      await run(options);
      assert.equal(read('out.txt'), 'one\n');
      assert.equal((await plan(options)).action, 'up-to-date');
      assert.deepEqual([memory.ledger.size, memory.local.size], [0, 1]);

      assert.equal((await plan({ ...options, run: 'true' })).reason, 'its sources or the command changed');
      assert.equal((await plan(options, { env: { A: '1' } })).action, 'run');
      write('src/b', 'two\n');
      assert.equal((await plan(options)).action, 'run');
      rmSync(join(root, 'src/b'));
      assert.equal((await plan(options)).action, 'up-to-date');
      write('src/a', 'other\n');
      assert.equal((await plan(options)).action, 'run');
      write('src/a', 'one\n');
      rmSync(join(root, 'out.txt'));
      assert.equal((await plan(options)).reason, 'output "out.txt" does not exist');
    });

    it('runs again after a failure, and after a run of other sources that did not end', async () => {
      await run(options);
      write('src/a', 'two\n');
      const stop = new AbortController();
      const waiting = run(
        { ...options, run: 'touch started; exec sleep 1000', outputs: ['started'] },
        { signal: stop.signal },
      );
      const set = memory.local.set.bind(memory.local);
      memory.local.set = (key, value) => {
        stop.abort();
        return set(key, value);
      };
      await assert.rejects(waiting);
      write('src/a', 'one\n');
      assert.equal((await plan(options)).reason, 'it was interrupted the last time');
      await failure({ ...options, run: 'exit 1' });
      assert.equal((await plan(options)).reason, 'it failed the last time');
    });

    it('remembers with the database where it has no outputs', async () => {
      const rest = { run: options.run, sources: options.sources };
      await run(rest);
      assert.deepEqual([memory.ledger.size, memory.local.size], [1, 0]);
      assert.equal((await plan(rest)).action, 'up-to-date');
      memory.ledger.clear();
      assert.equal((await plan(rest)).action, 'run');
    });

    it('finds outputs that no glob looks into', async () => {
      const venv = { run: 'mkdir -p .venv', outputs: ['.venv'], sources: ['src/a'] };
      await run(venv);
      assert.equal((await plan(venv)).action, 'up-to-date');
    });

    it('knows a link that leads nowhere by where it leads, and names a source that cannot be read', async () => {
      const linked = { run: 'true', sources: ['src'] };
      symlinkSync('nowhere', join(root, 'src/broken'));
      symlinkSync('.', join(root, 'src/loop'));
      await run(linked);
      assert.equal((await plan(linked)).action, 'up-to-date');
      rmSync(join(root, 'src/broken'));
      symlinkSync('elsewhere', join(root, 'src/broken'));
      assert.equal((await plan(linked)).action, 'run');

      // A name that is no UTF-8 cannot be opened again.
      writeFileSync(Buffer.from(join(root, 'src/\xff'), 'latin1'), '');
      const { code, message } = await failure(linked);
      assert.equal(code, 'DBB5009');
      assert.match(message, /^source "src\/\ufffd" of command "[^"]+" cannot be read \(ENOENT\)$/);
    });

    it('fails where an output does not exist afterwards', async () => {
      const problem = await failure({ ...options, outputs: ['other.txt', 'dist/*.js'] });
      assert.equal(problem.code, 'DBB5011');
      assert.match(problem.message, /"other\.txt", "dist\/\*\.js"/);
      assert.equal((await plan({ ...options, outputs: ['other.txt'] })).action, 'run');
    });

    it('fails where a source matches nothing, with the nearest file', async () => {
      const problem = await failure({ ...options, sources: ['src/*', 'scr/a'] });
      assert.equal(problem.code, 'DBB5009');
      assert.match(problem.message, /"scr\/a"/);
      assert.equal(problem.help, 'did you mean "src/a"?');
    });
  });

  describe('that is not repeatable', () => {
    const options = { run: 'echo once >> out', repeatable: false };

    it('runs every time it ended', async () => {
      await run(options);
      await run(options);
      assert.equal(read('out'), 'once\nonce\n');
      await failure({ ...options, run: 'exit 1' });
      await run(options);
    });

    it('is reported where it was interrupted, and does what the config then says', async () => {
      const stop = new AbortController();
      const set = memory.ledger.set.bind(memory.ledger);
      memory.ledger.set = (key, value) => {
        stop.abort();
        return set(key, value);
      };
      await assert.rejects(run({ ...options, run: 'exec sleep 1000' }, { signal: stop.signal }));
      memory.ledger.set = set;
      assert.match((await plan(options)).reason, /interrupted earlier, and not repeatable/);
      const problem = await failure(options);
      assert.equal(problem.code, 'DBB5008');
      assert.match(problem.help ?? '', /--set tasks\.seed\.interrupted=again/);
      assert.equal(existsSync(join(root, 'out')), false);
      assert.equal((await run({ ...options, interrupted: 'done' })).changed, false);
      assert.equal(existsSync(join(root, 'out')), false);
      memory.ledger.set('command', { state: 'running', fingerprint: '', run: 'r' });
      await run({ ...options, interrupted: 'again' });
      assert.equal(read('out'), 'once\n');
    });

    it('stays interrupted where something killed it', async () => {
      const problem = await failure({ ...options, run: 'kill -9 $$' });
      assert.equal(problem.facts?.signal, 'SIGKILL');
      assert.equal((await failure(options)).code, 'DBB5008');
    });
  });

  describe('that fails', () => {
    it('tells its exit code, its last words and its whole output', async () => {
      const problem = await failure({ run: 'echo working; echo "error: no coffee" >&2; echo bye; exit 7' });
      assert.equal(problem.code, 'DBB5001');
      assert.equal(problem.message, 'error: no coffee');
      assert.equal(problem.facts?.exitCode, 7);
      assert.deepEqual(problem.output?.trimEnd().split('\n').sort(), ['bye', 'error: no coffee', 'working']);
    });

    it('in a management command shows its own words', async () => {
      const problem = await failure({
        run: 'echo "CommandError: no such tenant: x" >&2; echo "2 warnings"; exit 1',
      });
      assert.equal(problem.message, 'CommandError: no such tenant: x');
    });

    it('names what was wrong, not the advice below it', async () => {
      const said = async (text: string): Promise<string> =>
        (await failure({ run: ['node', '-e', `console.error(${JSON.stringify(text)}); process.exit(1)`] }))
          .message;
      assert.equal(
        await said("Unknown command: 'sed'. Did you mean seed?\nType 'manage.py help' for usage."),
        "Unknown command: 'sed'. Did you mean seed?",
      );
      assert.equal(
        await said("Usage: seed [OPTIONS]\nTry 'seed --help' for help.\n\nMissing argument 'FILE'."),
        "Missing argument 'FILE'.",
      );
      assert.equal(await said("Type 'seed help' for usage."), "Type 'seed help' for usage.");
    });

    it('silently says so', async () => {
      assert.equal(
        (await failure({ run: 'exit 7' })).message,
        'the command exited with code 7 and printed nothing',
      );
    });

    it('does not take a result that was printed for a reason', async () => {
      const problem = await failure({ run: 'echo 200; exit 3' });
      assert.equal(problem.message, 'the command exited with code 3 and says nothing about why');
      assert.equal(problem.output, '200\n');
      assert.equal((await failure({ run: 'echo 200 >&2; exit 3' })).message, '200');
    });

    it('in Python has no place where only manage.py is the project', async () => {
      write('manage.py', 'import json\njson.loads("{")\n');
      const problem = await failure({ run: 'python3 manage.py' });
      assert.match(problem.message, /^json\.decoder\.JSONDecodeError: /);
      assert.equal(problem.place?.line, undefined);
      assert.ok(problem.notes?.every(({ label }) => label !== 'frames'));
    });

    it('in Python shows the exception and the frames of the project', async () => {
      write('app/seed.py', 'import json\n\ndef load():\n    json.loads("{")\n');
      write('manage.py', 'from app.seed import load\nload()\n');
      const problem = await failure({ run: 'python3 manage.py' });
      assert.match(problem.message, /^json\.decoder\.JSONDecodeError: /);
      assert.deepEqual(problem.place, {
        file: 'app/seed.py',
        line: 4,
        column: 5,
        length: 15,
        source: '    json.loads("{")',
      });
      assert.equal(
        problem.notes?.find(({ label }) => label === 'frames')?.text,
        'manage.py:2 in <module>\napp/seed.py:4 in load',
      );
    });

    it('in Node shows the error and its place', async () => {
      write('seed.mjs', 'function load() {\n  throw new TypeError("no rows");\n}\nload();\n');
      const problem = await failure({ run: ['node', 'seed.mjs'] });
      assert.equal(problem.message, 'TypeError: no rows');
      assert.deepEqual([problem.place?.file, problem.place?.line, problem.place?.column], ['seed.mjs', 2, 9]);
    });

    it('in psql shows the error of the server', async () => {
      write('seed.sql', 'select 1;\nselect nothing;\n');
      const problem = await failure(
        {
          run: 'psql -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -f seed.sql "$URL"',
        },
        {
          env: {
            URL:
              process.env.DB_BOOTSTRAP_TEST_SERVER ??
              (await (await import('../support/postgres.js')).testServer()).url,
          },
        },
      );
      assert.match(problem.message, /column "nothing" does not exist/);
      assert.equal(problem.place?.file, 'seed.sql');
      assert.equal(problem.facts?.sqlstate, '42703');
    });
  });

  describe('that cannot start', () => {
    it('names the program, the folder and the nearest name', async () => {
      for (const options of [
        { run: ['mkdri', 'x'] },
        { run: 'mkdri x' },
        { run: 'mkdri x', shell: '/bin/bash' },
      ]) {
        const problem = await failure(options);
        assert.equal(problem.code, 'DBB5002', JSON.stringify(options));
        assert.equal(problem.message, 'there is no program "mkdri"');
        assert.equal(problem.help, 'did you mean "mkdir"?');
        assert.deepEqual(problem.notes?.[1], { label: 'folder', text: root });
      }
    });

    it('says what to do where no name is near', async () => {
      const program = await failure({ run: 'no-such-program-anywhere' });
      assert.match(program.help ?? '', /^install it, or correct "tasks\.\w+\.run"$/);
      const folder = await failure({ run: 'true', cwd: 'far/away' });
      assert.match(folder.help ?? '', /^make it, or correct "tasks\.\w+\.cwd"$/);
    });

    it('names the nearest file for a path', async () => {
      write('scripts/seed.sh', '#!/bin/sh\n', 0o755);
      const problem = await failure({ run: ['scripts/sed.sh'] });
      assert.equal(problem.help, 'did you mean "scripts/seed.sh"?');
    });

    it('says that a file may not be executed', async () => {
      write('seed.sh', '#!/bin/sh\n');
      for (const run of [['./seed.sh'], './seed.sh']) {
        const problem = await failure({ run });
        assert.equal(problem.code, 'DBB5002');
        assert.equal(problem.help, 'run "chmod +x seed.sh"');
      }
    });

    it('says what keeps a file from being started', async () => {
      const script = (text: string): void => {
        write('seed.sh', text);
        chmodSync(join(root, 'seed.sh'), 0o755);
      };
      for (const options of [
        { run: './seed.sh' },
        { run: './seed.sh', shell: '/bin/bash' },
        { run: ['./seed.sh'] },
      ]) {
        script('#!/bin/sh\r\necho hi\r\n');
        const windows = await failure(options);
        assert.equal(windows.code, 'DBB5002');
        assert.match(windows.message, /^the first line of "\.\/seed\.sh" ends with a Windows line ending/);
        assert.match(windows.help ?? '', /sed -i/);
        script('#!/opt/nowhere/python\n');
        assert.equal(
          (await failure(options)).message,
          'the interpreter "/opt/nowhere/python" of "./seed.sh" does not exist',
        );
      }
      assert.equal((await failure({ run: ['/etc'] })).message, '"/etc" is a folder');
    });

    it('says that the shell is missing, and not what it was to read', async () => {
      const { message, help } = await failure({ run: 'true', shell: '/bin/nosuchsh' });
      assert.equal(message, 'there is no program "/bin/nosuchsh"');
      assert.match(help ?? '', /^(?:did you mean|install it, or correct "tasks\.\w+\.shell"$)/);
    });

    it('says that its folder does not exist', async () => {
      mkdirSync(join(root, 'backend'));
      const problem = await failure({ run: 'true', cwd: 'bakend' });
      assert.equal(problem.code, 'DBB5002');
      assert.equal(problem.help, 'did you mean "backend"?');
    });
  });
});
