import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Problem } from '../../lib/errors/index.js';
import { bootstrap, runEnd, type Ended } from './command.js';
import { query } from './postgres.js';

/** What a person copies out of a help: a command line, or SQL for psql. */
export type Repair = { readonly shell: string } | { readonly sql: string };

const program = '(?:db-bootstrap|python|psql|npm|npx|chmod|sed|iconv|rm)';
const statement = '(?:alter|begin|create|drop|delete|do|grant|insert|reindex|select|set|update)';

/** The commands and statements of a help, in their order; of alternatives ("…, or: …") the one that is asked for. */
export function repairsIn(help: string, way = 0): readonly Repair[] {
  const lines = help.split('\n').filter((line) => !line.endsWith(':'));
  if (lines.length > 1 || lines.join('\n') !== help) {
    const commands = lines.filter((line) => new RegExp(`^(?:for |${program} )`).test(line));
    return commands.length > 0 ? commands.map((shell) => ({ shell })) : [{ sql: lines.join('\n') }];
  }
  const told = help.split(/[,;] or:? /)[way] ?? '';
  const quoted = [...told.matchAll(new RegExp(`["'](${program} [^"]*)"`, 'g'))].map(([, shell = '']) => ({
    shell,
  }));
  if (quoted.length > 0) return quoted;
  const plain = new RegExp(`(?:^|: )(${program} .*)$`).exec(told)?.[1];
  if (plain !== undefined) return [{ shell: plain }];
  const granted = /^run '(.*)' as /.exec(told)?.[1];
  const sql = granted ?? new RegExp(`(?:^|: )(${statement} .*?)(?:; then .*)?$`, 'i').exec(told)?.[1];
  return sql === undefined ? [] : [{ sql }];
}

/** Executes the SQL of a help, word for word. */
export async function obeySql(url: string, help = '', way = 0): Promise<void> {
  const statements = repairsIn(help, way).flatMap((repair) => ('sql' in repair ? [repair.sql] : []));
  if (statements.length === 0) throw new Error(`no SQL in: ${help}`);
  for (const statement of statements) await query(url, statement);
}

/** A folder in which the real command is run, and what it prints is done as it stands there. */
export class Workbench {
  readonly #programs = mkdtempSync(join(tmpdir(), 'dbb-programs-'));
  readonly #env: Readonly<Record<string, string>>;

  constructor(
    readonly folder: string,
    readonly url: string,
    env: Readonly<Record<string, string>> = {},
  ) {
    const { hostname, port, username, password, pathname } = new URL(url);
    const command = join(this.#programs, 'db-bootstrap');
    writeFileSync(
      command,
      `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/bin/db-bootstrap.js')}' "$@"\n`,
    );
    chmodSync(command, 0o755);
    symlinkSync(join(folder, '.venv/bin/python'), join(this.#programs, 'python'));
    this.#env = {
      DATABASE_URL: url,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: decodeURIComponent(username),
      PGPASSWORD: decodeURIComponent(password),
      PGDATABASE: pathname.slice(1),
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    };
  }

  /** What a command of ours says: `check`, `doctor`, or the failures of a run. */
  async tell(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly problems: readonly Problem[] }> {
    const isRun = args[0] === 'run';
    const ended = await this.#bootstrap([...args, ...(isRun ? ['--reporter', 'ndjson'] : ['--json'])]);
    const { code, stdout, stderr } = ended;
    if (isRun) {
      const { tasks, problems = [] } = runEnd(stdout);
      return { code, problems: [...problems, ...tasks.flatMap((task) => task.problems ?? [])] };
    }
    if (!stdout.startsWith('{')) throw new Error(stdout + stderr);
    const {
      checks = [],
      findings = [],
      problems = [],
    } = JSON.parse(stdout) as {
      readonly checks?: readonly { readonly findings: readonly Problem[] }[];
      readonly findings?: readonly Problem[];
      readonly problems?: readonly Problem[];
    };
    return { code, problems: [...checks.flatMap((check) => check.findings), ...findings, ...problems] };
  }

  /** Does what a help says, word for word; throws where it fails. */
  async obey(help: string, way = 0): Promise<void> {
    const repairs = repairsIn(help, way);
    if (repairs.length === 0) throw new Error(`no repair in: ${help}`);
    for (const repair of repairs) {
      const [line, input] =
        'shell' in repair ? [repair.shell, ''] : ['psql -X -q -v ON_ERROR_STOP=1 -f -', repair.sql];
      const { code, output } = await this.#shell(line, input);
      // Exit 3 speaks of other faults, which are there as well.
      if (code !== 0 && !(code === 3 && line.startsWith('db-bootstrap ')))
        throw new Error(`${line}\n${input}\n${output}`);
    }
  }

  close(): void {
    rmSync(this.#programs, { recursive: true, force: true });
  }

  #bootstrap(args: readonly string[]): Promise<Ended> {
    return bootstrap(args, { cwd: this.folder, env: this.#env });
  }

  #shell(line: string, input: string): Promise<{ readonly code: number | null; readonly output: string }> {
    const path = [this.#programs, process.env.PATH ?? ''].join(delimiter);
    const env = { HOME: process.env.HOME ?? '/', ...this.#env, PATH: path };
    return new Promise((done, fail) => {
      const child = spawn('/bin/sh', ['-c', line], { cwd: this.folder, env });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', fail);
      child.on('close', (code) => done({ code, output }));
      child.stdin.end(input);
    });
  }
}
