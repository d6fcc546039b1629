import type { ErrorCode, Facts, Note, Problem } from '../errors/index.js';
import { migrationAdvice } from './migration-advice.js';
import { loginRefused } from './login-refused.js';
import { problemInOther } from './other-databases.js';
import { projectPlace, type ProjectFolders } from './project-place.js';
import type { HostError } from './protocol.js';
import { nearest } from '../text/index.js';

/** What is known of the host that failed. */
export interface HostFacts {
  readonly task: string;
  readonly method: string;
  readonly python: string;
  readonly settings: string;
  readonly folders?: ProjectFolders;
}

/** What to do about a failure of the project itself while Django loads it. */
const loading: Readonly<Record<string, string>> = {
  ModuleNotFoundError: 'install the missing module for the interpreter, or correct the name in the settings',
  ImproperlyConfigured: 'correct the settings',
  SystemCheckError: 'correct what it names; "python manage.py check" shows the same',
};

/** What runs a project's own command as `manage.py` does. */
const ownCommand = '{ use: command, run: python manage.py migrate_schemas }';

const codeOf: Record<HostError['kind'], ErrorCode> = {
  'django-missing': 'DBB6002',
  'settings-missing': 'DBB6004',
  'settings-import': 'DBB6003',
  setup: 'DBB6030',
  circle: 'DBB6030',
  engine: 'DBB6032',
  conflict: 'DBB6007',
  'missing-dependency': 'DBB6026',
  migration: 'DBB6011',
  'unknown-app': 'DBB6025',
  'field-unknown': 'DBB6015',
  'field-missing': 'DBB6016',
  'field-value': 'DBB6024',
  'domain-taken': 'DBB6017',
  tenant: 'DBB6022',
  'schema-name': 'DBB6023',
  'no-tenants': 'DBB6018',
  command: 'DBB6028',
  'own-command': 'DBB6028',
  'other-database': 'DBB6005',
  'write-refused': 'DBB6028',
  database: 'DBB5004',
  cancelled: 'DBB5020',
  internal: 'DBB9001',
};

/** A failure of the host as a problem: the project's own error first, then where it happened. */
export function problemOfHost(error: HostError, host: HostFacts): Problem {
  const { kind, at, traceback = [], detail } = error;
  const refused =
    kind === 'database' && error.sqlstate === undefined ? loginRefused(error.message) : undefined;
  const code = refused?.code ?? codeFor(error);
  const help = refused?.help ?? helpFor(code, error, host);
  const place = projectPlace(at, host.folders);
  const output = [...(detail === undefined ? [] : [detail]), ...shortenedTrace(traceback)].join('\n');
  const problem: Problem = {
    code,
    message: refused?.message ?? messageOf(error, host),
    ...(place === undefined ? {} : { place }),
    // The driver's words say the same once more.
    notes: refused ? [] : notesOf(error, host),
    ...(help === undefined ? {} : { help }),
    facts: factsOf(error),
    ...(output === '' || kind === 'cancelled' ? {} : { output }),
  };
  return error.alias === undefined ? problem : problemInOther(problem, error.alias);
}

function codeFor({ kind, message, sqlstate, exception = '' }: HostError): ErrorCode {
  // The server went away, or was never there: not the statement's fault.
  if (kind === 'database') {
    // libpq gives no SQLSTATE for a login that was refused.
    if (sqlstate === undefined && /password authentication failed/.test(message)) return 'DBB4002';
    const lost = ['OperationalError', 'InterfaceError'].includes(exception);
    if (sqlstate === undefined ? lost : /^(08|57P0)/.test(sqlstate)) return 'DBB4007';
  }
  return codeOf[kind];
}

/** The way into the failure and its end: what calls itself says the same in between. */
function shortenedTrace(lines: readonly string[]): readonly string[] {
  if (lines.length <= 30) return lines;
  return [...lines.slice(0, 10), `… ${String(lines.length - 20)} more`, ...lines.slice(-10)];
}

/** The variable of the environment that settings miss, whichever package reads it for them. */
function missingVariable({ kind, exception, message, traceback = [] }: HostError): string | undefined {
  if (kind !== 'settings-import') return undefined;
  if (exception === 'KeyError')
    return /environ/i.test(traceback.at(-1) ?? '') ? /'(\w+)'/.exec(message)?.[1] : undefined;
  return (/^Set the (\w+) environment variable/.exec(message) ??
    /^(\w+) not found\. Declare it as envvar/.exec(message))?.[1];
}

function messageOf(error: HostError, host: HostFacts): string {
  const { kind, message } = error;
  const variable = missingVariable(error);
  if (variable !== undefined)
    return `the settings read the variable "${variable}" of the environment, which is not set`;
  if (kind === 'settings-import' && error.exception === 'SystemExit')
    return message.replace(/^it ended/, 'the settings ended');
  if (kind === 'cancelled')
    return `task "${host.task}" was interrupted while Django answered "${host.method}"`;
  if (error.squashed !== undefined)
    return `schema "${error.schema ?? ''}" has applied a part of what ${error.squashed} replaces, and the rest is not on disk`;
  // Django and psycopg write several lines; the first says what happened.
  return message.split('\n')[0]?.trim().replace(/\.$/, '') ?? message;
}

function notesOf(error: HostError, host: HostFacts): Note[] {
  const { kind, schema, app, migration, operation, exception, sqlstate, statement, position, message } =
    error;
  const notes: Note[] = [];
  const add = (label: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') notes.push({ label, text });
  };
  add('schema', schema);
  if (migration !== undefined) {
    add('migration', `${app}.${migration}${operation === undefined ? '' : `, operation "${operation}"`}`);
  }
  // With a position the line that is wrong is shown, from the facts.
  const located = statement !== undefined && position !== undefined;
  add('statement', statement === undefined || located ? undefined : shortened(statement));
  add('sqlstate', sqlstate);
  const rest = message
    .split('\n')
    .slice(1)
    // libpq draws the line with a mark below: on one line with others it points nowhere.
    .filter((line) => !/^\s*\^\s*$/.test(line) && !(located && /^LINE \d+: /.test(line)))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (kind !== 'cancelled') add('says', rest);
  if (sqlstate === undefined && kind !== 'cancelled' && exception !== 'Failure') add('exception', exception);
  if (['settings-import', 'setup'].includes(kind) && error.at === undefined)
    add('raised in', error.traceback?.at(-1)?.split(': ', 1)[0]);
  if (['settings-import', 'setup', 'engine'].includes(kind)) add('settings', host.settings);
  if (['settings-import', 'setup'].includes(kind)) add('interpreter', host.python);
  return notes;
}

function helpFor(code: ErrorCode, error: HostError, host: HostFacts): string | undefined {
  const { kind, names = [], valid = [], exception } = error;
  if (code === 'DBB4002')
    return `check USER and PASSWORD of DATABASES["default"] in ${host.settings}: a run gives DATABASE_URL and PGPASSWORD to the project`;
  if (code === 'DBB4007')
    return 'see whether the server restarted, and run again: finished work is not repeated';
  switch (kind) {
    case 'django-missing':
      return 'name the project\'s interpreter in "django.python", or install the requirements into this one';
    case 'settings-import':
      if (missingVariable(error) !== undefined)
        return `set ${missingVariable(error) ?? ''} where the command is started, or under "env" in the config`;
      return exception === 'ModuleNotFoundError'
        ? `install the missing module for ${host.python}, or correct the name of the settings module`
        : 'correct the settings, or set the variable that they miss under "env" in the config';
    case 'setup':
      return (
        loading[exception ?? ''] ??
        (error.at === undefined && error.traceback !== undefined
          ? 'look at what the project asks of the package that raised it'
          : 'correct the project where the exception was raised')
      );
    case 'engine':
      return 'set DATABASES["default"]["ENGINE"] to "django.db.backends.postgresql", or with tenants to "django_tenants.postgresql_backend"';
    case 'conflict':
      return migrationAdvice('conflict', [{ app: error.app ?? '', own: error.own ?? true }]);
    case 'missing-dependency':
      return error.squashed === undefined
        ? `restore ${names[0] ?? 'the migration'}, or correct "dependencies"`
        : `restore the files of ${names.join(', ')} until no schema lacks any of them`;
    case 'unknown-app': {
      const near = nearest(
        names[0] ?? '',
        valid.map(({ name }) => name),
      );
      return near === undefined
        ? `the apps are: ${valid.map(({ name }) => name).join(', ')}`
        : `did you mean "${near}"?`;
    }
    case 'schema-name':
      return "correct the row in the tenant model's table, or delete it";
    case 'other-database':
      return 'see which servers the name in the URL leads to, and name one database there';
    case 'own-command':
      return `give it the option --schema; or let a command run it, in the config: tasks: { shared: ${ownCommand}, tenant-migrations: ${ownCommand} }`;
    case 'write-refused':
      return 'run "python manage.py makemigrations" in a terminal: it asks what it has to know';
    case 'no-tenants':
      return 'remove "tenants" from the config, or use the preset "django"';
    case 'command': {
      const near = names.length > 0 && error.alias !== undefined ? nearest(error.alias, names) : undefined;
      return near === undefined ? undefined : `did you mean "${near}"?`;
    }
    default:
      return undefined;
  }
}

function factsOf(error: HostError): Facts {
  const { sqlstate, statement, position, schema, app, migration, operation } = error;
  const { detail, hint, table, column, constraint } = error;
  const told = sqlstate === undefined ? {} : { detail, hint, table, column, constraint, operation };
  return {
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    ...(sqlstate === undefined ? {} : { sqlstate }),
    ...(statement === undefined ? {} : { statement }),
    ...(position === undefined ? {} : { position }),
    ...(schema === undefined ? {} : { schema }),
    ...(migration === undefined || app === undefined ? {} : { migration: `${app}.${migration}` }),
  };
}

function shortened(statement: string): string {
  const text = statement.replace(/\s+/g, ' ').trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
