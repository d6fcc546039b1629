import type { TaskContext } from '../../config/define.js';
import type { Place, Problem } from '../../lib/errors/index.js';
import { openTransaction, scanScript } from '../../lib/postgres/index.js';
import { unixLines } from '../command/unstartable.js';
import { withoutZero } from '../encoding.js';
import type { DueFile } from './decide.js';
import type { InitFile } from './folder.js';
import { scriptBytes } from './script-text.js';

/** Throws, before any file runs, if a file would lose its work silently, fail half way, or write to an unintended place. */
export async function refuseUnfit(context: TaskContext<unknown>, due: readonly DueFile[]): Promise<void> {
  for (const { file } of due) {
    // Ignore a broken archive: the program that decompresses it later reports it more clearly.
    const bytes = await scriptBytes(context, file).catch(() => undefined);
    if (!bytes) continue;
    const fault = file.kind.startsWith('sql')
      ? (zeroByte(file, bytes) ?? (await sqlFault(context, file, bytes.toString())))
      : shellFault(context, file, bytes.toString());
    if (!fault) continue;
    const notes = [...(fault.notes ?? []), { label: 'not done', text: 'no init script was run' }];
    throw context.fail({ ...fault, code: 'DBB5005', notes, facts: { script: file.name, ...fault.facts } });
  }
}

type Fault = Omit<Problem, 'code'>;

/** psql and the protocol end a text at its first zero byte: the server would never receive the rest. */
function zeroByte(file: InitFile, bytes: Buffer): Fault | undefined {
  const at = bytes.indexOf(0);
  if (at < 0) return undefined;
  const line = bytes.subarray(0, at).toString('latin1').split('\n').length;
  return {
    message: `"${file.shown}" holds a zero byte on line ${String(line)}, and what follows it would be lost`,
    place: { file: file.shown, line },
    help: withoutZero(file.shown),
  };
}

async function sqlFault(
  context: TaskContext<unknown>,
  file: InitFile,
  text: string,
): Promise<Fault | undefined> {
  const open = openTransaction(text);
  if (open)
    return {
      message: `"${file.shown}" leaves the transaction that begins in line ${String(open.line)} open: PostgreSQL would roll its work back`,
      place: placeAt(file, text, open.line),
      help: 'end the file with "commit;"',
    };
  return otherServer(context, file, text);
}

const ofMysql = /`\w+`|\bengine\s*=\s*\w+|\bauto_increment\b|^use\s+\w+\s*;?$|\bunsigned\b/i;

/** Finds SQL for MySQL: the images of MySQL and PostgreSQL both run the scripts of `/docker-entrypoint-initdb.d`. */
async function otherServer(
  context: TaskContext<unknown>,
  file: InitFile,
  text: string,
): Promise<Fault | undefined> {
  // Most files contain no MySQL syntax, so the parser is not loaded for them.
  for (const statement of scanScript(text).statements.filter((each) => ofMysql.test(each.text))) {
    const { parse, hasSqlDetails } = await import('libpg-query');
    const refused = await parse(statement.text).then(
      () => false,
      (error: unknown) => hasSqlDetails(error),
    );
    const found = ofMysql.exec(statement.text);
    if (!refused || !found) continue;
    const line = statement.startLine + statement.text.slice(0, found.index).split('\n').length - 1;
    return {
      message: `"${file.shown}" is written for MySQL or MariaDB, not for PostgreSQL: line ${String(line)} holds "${found[0]}"`,
      place: placeAt(file, text, line),
      help: `name the folder of the PostgreSQL scripts in "directory" of the task, or leave the task out: db-bootstrap run --skip ${context.task}`,
    };
  }
  return undefined;
}

function shellFault(context: TaskContext<unknown>, file: InitFile, text: string): Fault | undefined {
  const lines = text.split('\n');
  const windows = lines.findIndex((line) => line.endsWith('\r'));
  if (windows >= 0)
    return {
      message: `"${file.shown}" has Windows line endings, and the shell takes the carriage return for a part of each line`,
      place: placeAt(file, text, windows + 1),
      help: unixLines(file.shown),
    };
  // A script with `${PGDATA:-…}` or similar handles a missing variable itself.
  const data = lines.findIndex((line) =>
    /\$(?:PGDATA\b|\{PGDATA[^:\w])/.test(line.replace(/(?:^|\s)#[^"']*$/, '')),
  );
  if (
    data < 0 ||
    context.env.PGDATA !== undefined ||
    lines.some((line) => /^\s*(?:export\s+)?PGDATA=/.test(line))
  )
    return undefined;
  return {
    message: `"${file.shown}" uses $PGDATA, the data directory inside the image, but PGDATA is not set here`,
    place: placeAt(file, text, data + 1),
    help: `change settings of the server by "alter system set …" in a .sql file, or set PGDATA in the env of task "${context.task}"`,
  };
}

function placeAt(file: InitFile, text: string, line: number): Place {
  return { file: file.shown, line, column: 1, source: text.split(/\r?\n/)[line - 1] ?? '' };
}
