import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A password that stands in many of the inputs, and in no output. */
export const secret = 's3cr3t-pA55w0rt';

/** One wrong thing, and what the command has to say to it. */
export interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Changes the folder after the files are there. */
  readonly prepare?: (folder: string) => void;
  readonly code: string;
  readonly exit: number;
  /** Must be in the output: the cause, and the place where there is one. */
  readonly says: readonly string[];
}

function makePipe(name: string): (folder: string) => void {
  return (folder) => void execFileSync('mkfifo', [join(folder, name)]);
}

/** A config without mistakes. */
export const sql = { '.bootstraprc': 'preset: sql\n' };
/** A project of a config alone. */
export const raw = (text: string | Buffer): Case['files'] => ({ '.bootstraprc': text });

/** Configs that are none. */
export const configs: readonly Case[] = [
  { name: 'no config', files: {}, code: 'DBB2001', exit: 2, says: ['no config file was found'] },
  { name: 'an empty config', files: raw(''), code: 'DBB2006', exit: 2, says: ['--> .bootstraprc'] },
  {
    name: 'a list for a config',
    files: raw('[]'),
    code: 'DBB2004',
    exit: 2,
    says: ['.bootstraprc:1:1', 'not a list'],
  },
  {
    name: 'a binary file',
    files: raw(Buffer.from([0x89, 0x50, 0xff, 0, 1, 2, 0xfe])),
    code: 'DBB2018',
    exit: 2,
    says: ['it is not UTF-8'],
  },
  {
    name: 'UTF-16',
    files: raw(Buffer.from('\ufeffpreset: sql\n', 'utf16le')),
    code: 'DBB2018',
    exit: 2,
    says: ['it is not UTF-8'],
  },
  {
    name: 'megabytes of YAML',
    files: raw('a: 1\n'.repeat(1_200_000)),
    code: 'DBB2018',
    exit: 2,
    says: ['too large'],
  },
  {
    name: 'tabs',
    files: raw('preset: sql\ntasks:\n\tinit: {}\n'),
    code: 'DBB2002',
    exit: 2,
    says: ['.bootstraprc:3:1', 'tabs'],
  },
  {
    name: 'several documents',
    files: raw('preset: sql\n---\npreset: django\n'),
    code: 'DBB2002',
    exit: 2,
    says: ['.bootstraprc:2:1'],
  },
  {
    name: 'aliases that would fill the memory',
    files: raw(
      [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...'bcdef'.split('').map(
          (key, index) =>
            `${key}: &${key} [${Array(9)
              .fill(`*${'abcde'.charAt(index)}`)
              .join(',')}]`,
        ),
      ].join('\n'),
    ),
    code: 'DBB2002',
    exit: 2,
    says: ['aliases'],
  },
  {
    name: 'a folder of the name of a config',
    files: {},
    prepare: (folder) => mkdirSync(join(folder, '.bootstraprc')),
    code: 'DBB2001',
    exit: 2,
    says: ['no config file was found'],
  },
  {
    name: 'a link that leads to itself',
    files: {},
    prepare: (folder) => symlinkSync('.bootstraprc', join(folder, '.bootstraprc')),
    code: 'DBB2018',
    exit: 2,
    says: ['--> .bootstraprc', 'the link leads to itself'],
  },
  {
    name: 'a key twice',
    files: raw('concurrency: 3\nconcurrency: 2\n'),
    code: 'DBB2005',
    exit: 2,
    says: ['.bootstraprc:2:1', 'the key "concurrency" occurs twice'],
  },
  {
    name: 'a config that throws',
    files: { 'bootstrap.config.ts': `throw new Error('no postgres://u:${secret}@h/x')\n` },
    code: 'DBB2007',
    exit: 2,
    says: ['bootstrap.config.ts:1', 'no postgres://u:***@h/x'],
  },
  {
    name: 'a config with a syntax error',
    files: { 'bootstrap.config.ts': 'export default { preset: "sql", ,\n' },
    code: 'DBB2007',
    exit: 2,
    says: ['bootstrap.config.ts:1'],
  },
  {
    name: 'a config that ends the process',
    files: { 'bootstrap.config.mjs': 'process.exit(0)\n' },
    code: 'DBB2007',
    exit: 2,
    says: ['bootstrap.config.mjs:1', 'process.exit was called'],
  },
  {
    name: 'a config that awaits what nothing can bring',
    files: { 'bootstrap.config.mjs': 'await new Promise(() => {});\n' },
    code: 'DBB2007',
    exit: 2,
    says: ['--> bootstrap.config.mjs', 'nothing can bring'],
  },
  {
    name: 'a config that awaits for ever',
    files: { 'bootstrap.config.ts': 'setInterval(() => {}, 9);\nawait new Promise(() => {});\n' },
    args: ['--timeout', '1s'],
    code: 'DBB2007',
    exit: 2,
    says: ['--> bootstrap.config.ts', 'not done after 1s'],
  },
  {
    name: 'a config that exports null',
    files: { 'bootstrap.config.mjs': 'export default null;\n' },
    code: 'DBB2006',
    exit: 2,
    says: ['--> bootstrap.config.mjs'],
  },
  {
    name: 'a config that throws what has no text',
    files: { 'bootstrap.config.mjs': 'throw { toString() { throw null; } };\n' },
    code: 'DBB2007',
    exit: 2,
    says: ['--> bootstrap.config.mjs', 'was thrown'],
  },
  {
    name: 'a plugin that awaits for ever',
    files: {
      ...raw('plugins: [./p.mjs]\n'),
      'p.mjs': 'setInterval(() => {}, 9);\nawait new Promise(() => {});\n',
    },
    args: ['--timeout', '1s'],
    code: 'DBB2013',
    exit: 2,
    says: ['.bootstraprc:1:11', 'not done after 1s'],
  },
  {
    name: 'a pipe with the name of a config',
    files: {},
    prepare: makePipe('.bootstraprc.yaml'),
    code: 'DBB2018',
    exit: 2,
    says: ['--> .bootstraprc.yaml', 'it is not a regular file'],
  },
  {
    name: 'a device that has no end',
    files: {},
    args: ['--config', '/dev/zero'],
    code: 'DBB2018',
    exit: 2,
    says: ['it is not a regular file'],
  },
  {
    name: 'a plugin that is none',
    files: { ...raw('plugins: [./p.mjs]\n'), 'p.mjs': 'export const x = 5;\n' },
    code: 'DBB2013',
    exit: 2,
    says: ['.bootstraprc:1:11'],
  },
  {
    name: 'a missing variable',
    files: raw('preset: sql\nenv: { A: "${NOPE:?set it}" }\n'),
    code: 'DBB2010',
    exit: 2,
    says: ['.bootstraprc:2:11', 'set it'],
  },
  {
    name: 'an unknown task in needs',
    files: raw('preset: sql\ntasks: { x: { use: command, run: x, needs: [intt] } }\n'),
    code: 'DBB3001',
    exit: 2,
    says: ['.bootstraprc:2:', 'did you mean "init"?'],
  },
];

/** Options with values that they cannot take. */
export const options: readonly Case[] = [
  [
    'a working directory below a file',
    ['--cwd', '.bootstraprc/x'],
    'DBB1007',
    'a part of its path is not a folder',
  ],
  [
    'a working directory that is a file',
    ['--cwd', '.bootstraprc'],
    'DBB1007',
    '".bootstraprc" is not a folder',
  ],
  [
    'a working directory of a thousand letters',
    ['--cwd', 'x'.repeat(1000)],
    'DBB1007',
    'its name is too long',
  ],
  ['a working directory without a name', ['--cwd', ''], 'DBB1007', '--cwd names no folder'],
  ['a config without a name', ['--config', ''], 'DBB2018', '--config names no file'],
  ['a wait that no timer can wait', ['--wait-lock', '25d'], 'DBB1003', '"25d" is not a duration'],
  ['a key of a megabyte', ['--set', `${'x'.repeat(100_000)}=1`], 'DBB2003', 'unknown key "xxx'],
].map(([name, args, code, says]) => ({ name, files: sql, args, code, exit: 2, says: [says] }) as Case);

/** Database URLs that are none. */
export const urls: readonly Case[] = [
  ['another scheme', `mysql://u:${secret}@h/x`, '"mysql" is not a scheme'],
  ['no URL at all', `hello ${secret}`, 'does not look like'],
  ['a port that is none', `postgres://u:${secret}@h:99999/x`, '"99999" in the URL is not a port'],
  ['a port of letters', `postgres://u:${secret}@h:abc/x`, 'must be percent-encoded'],
  ['a slash in the password', 'postgres://u:s3cr3t/pA55w0rt@h:5432/x', 'must be percent-encoded'],
  ['an at sign in the password', `postgres://u:${secret}@s3cr3t@h:5432/x`, 'is not one'],
  ['a hash in the password', `postgres://u:${secret}#s3cr3t@h:5432/x`, 'is not one'],
  ['a lone percent sign', `postgres://u:${secret}%zz@h:5432/x`, '"%25"'],
  ['a space in the host', `postgres://u:${secret}@bad host/x`, 'a host name has no spaces'],
  ['only user and password', `postgres://u:${secret}`, 'is not a host'],
  ['an unknown sslmode', `postgres://u:${secret}@h/x?sslmode=requre`, 'did you mean "sslmode=require"?'],
].map(([name = '', url = '', says = '']) => ({
  name: `a database URL with ${name}`,
  files: sql,
  env: { DATABASE_URL: url },
  code: 'DBB4006',
  exit: 2,
  says: [says, '--> DATABASE_URL'],
}));

/** Database URLs and parts that are none, by where they are written. */
export const urlPlaces: readonly Case[] = [
  {
    name: 'a database URL in the config',
    files: raw(`database: 'postgres://u:${secret}'\ntasks: { wait: {} }\n`),
    says: ['.bootstraprc:1:11', "1 | database: 'postgres://u:***'"],
  },
  {
    name: 'a database URL of a variable that the config names, in an env file',
    files: {
      ...raw("envFile: shop.env\ndatabase: '${SHOP}'\ntasks: { wait: {} }\n"),
      'shop.env': `A=1\nexport SHOP=postgres://u:${secret}@h:x/y\n`,
    },
    says: ['--> shop.env:2\n'],
  },
  {
    name: 'a database URL in an env file',
    files: {
      ...raw('envFile: shop.env\ntasks: { wait: {} }\n'),
      'shop.env': `DATABASE_URL=postgres://u:${secret}@h:x/y\n`,
    },
    says: ['--> shop.env:1\n'],
  },
  {
    name: 'a word of a variable that the config names',
    files: raw("database: '${SHOP}'\ntasks: { wait: {} }\n"),
    env: { SHOP: 'embeded' },
    says: ['--> SHOP\n', 'did you mean "embedded"?'],
  },
  {
    name: 'a database URL in env of the config',
    files: raw(`env: { DATABASE_URL: 'mysql://u:${secret}@h/x' }\ntasks: { wait: {} }\n`),
    says: ['.bootstraprc:1:22'],
  },
  {
    name: 'a host among the parts of a database',
    files: raw("database:\n  name: x\n  host: 'a b'\ntasks: { wait: {} }\n"),
    says: ['.bootstraprc:3:9', 'help: write one host name'],
  },
  {
    name: 'a port in a variable of libpq',
    files: raw('database: postgres://h/x\ntasks: { wait: {} }\n'),
    env: { PGPORT: 'abc' },
    says: ['error[DBB4006]: "abc" in PGPORT is not a port\n  --> PGPORT\n', 'from 1 to 65535'],
  },
  {
    name: 'a host in a variable of libpq',
    files: raw('tasks: { wait: {} }\n'),
    env: { PGHOST: 'a b' },
    says: ['"a b" in PGHOST is not a host', '--> PGHOST\n'],
  },
].map((one) => ({ ...one, env: { DATABASE_URL: undefined, ...one.env }, code: 'DBB4006', exit: 2 }));

const scripts = (files: Record<string, string | Buffer>): Case['files'] => ({
  ...sql,
  ...Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`docker-entrypoint-initdb.d/${name}`, text]),
  ),
});
const executable =
  (name: string): NonNullable<Case['prepare']> =>
  (folder) =>
    chmodSync(join(folder, 'docker-entrypoint-initdb.d', name), 0o755);

/** Init scripts that fail. */
export const initScripts: readonly Case[] = [
  {
    name: 'an error in SQL',
    files: scripts({ '01.sql': 'select 1;\nselect nope;\n' }),
    code: 'DBB5005',
    exit: 1,
    says: ['01.sql:2:8', 'column "nope" does not exist', '42703'],
  },
  {
    name: 'bytes that are no UTF-8',
    files: scripts({ '01.sql': Buffer.from([0xff, 0xfe]) }),
    code: 'DBB5005',
    exit: 1,
    says: ['01.sql:1', 'invalid byte sequence'],
  },
  {
    name: 'a script that exits',
    files: scripts({ '01.sh': 'exit 0\n', '02.sql': 'select 1;\n' }),
    code: 'DBB5005',
    exit: 1,
    says: ['called "exit"', '"02.sql" did not run'],
  },
  {
    name: 'a script that fails in silence',
    files: scripts({ '01.sh': '#!/bin/sh\nexit 3\n' }),
    prepare: executable('01.sh'),
    code: 'DBB5005',
    exit: 1,
    says: ['ended with code 3 and printed nothing'],
  },
  {
    name: 'Windows line ends',
    files: scripts({ '01.sh': '#!/bin/sh\r\necho hi\r\n' }),
    prepare: executable('01.sh'),
    code: 'DBB5005',
    exit: 1,
    says: ['Windows line ending'],
  },
  {
    name: 'an interpreter that is not there',
    files: scripts({ '01.sh': '#!/nowhere/sh\n' }),
    prepare: executable('01.sh'),
    code: 'DBB5005',
    exit: 1,
    says: ['"/nowhere/sh"'],
  },
  {
    name: 'a .gz that is none',
    files: scripts({ '01.sql.gz': 'select 1;' }),
    code: 'DBB5005',
    exit: 1,
    says: ['not in gzip format'],
  },
  {
    name: 'a script that prints the password',
    files: scripts({ '01.sh': '#!/bin/sh\necho "$PGPASSWORD $DATABASE_URL" >&2\nexit 1\n' }),
    prepare: executable('01.sh'),
    code: 'DBB5005',
    exit: 1,
    says: ['***'],
  },
  {
    name: 'a pipe with the name of a script',
    files: scripts({ '01.sql': 'select 1;\n' }),
    prepare: makePipe('docker-entrypoint-initdb.d/02.sql'),
    code: 'DBB5005',
    exit: 1,
    says: ['"docker-entrypoint-initdb.d/02.sql" is a pipe'],
  },
  {
    name: 'a folder of scripts that does not exist',
    files: raw('preset: sql\ntasks: { init: { directory: nope } }\n'),
    code: 'DBB5006',
    exit: 1,
    says: ['"nope" does not exist'],
  },
];

/** Commands that fail. */
export const commands: readonly Case[] = [
  {
    name: 'a program that does not exist',
    files: raw('tasks: { x: { use: command, run: [pyhton3, -c, "1"] } }\n'),
    code: 'DBB5002',
    exit: 1,
    says: ['"pyhton3"'],
  },
  {
    name: 'a command of a strange name that fails',
    files: raw(`tasks: { "größe 'x' ✓": { use: command, run: exit 4 } }\n`),
    code: 'DBB5001',
    exit: 1,
    says: ["größe 'x' ✓", 'exited with code 4'],
  },
  {
    name: 'a command that takes too long',
    files: raw('tasks: { x: { use: command, run: sleep 30, timeout: 200ms } }\n'),
    code: 'DBB5003',
    exit: 1,
    says: ['timeout of 200ms', '"tasks.x.timeout"'],
  },
];

const django = (settings: string): Case['files'] => ({
  '.bootstraprc': 'preset: django\n',
  'manage.py': "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
  'shop/__init__.py': '',
  'shop/settings.py': `SECRET_KEY = 'x'\nINSTALLED_APPS = []\n${settings}`,
});
/** Django projects that cannot be loaded. */
export const djangos: readonly Case[] = [
  {
    name: 'settings with a syntax error',
    files: django('def broken(:\n'),
    code: 'DBB6003',
    exit: 1,
    says: ['shop/settings.py:3'],
  },
  {
    name: 'settings that import what is not there',
    files: django('import nowhere_to_be_found\n'),
    code: 'DBB6003',
    exit: 1,
    says: ["No module named 'nowhere_to_be_found'", 'shop/settings.py:3'],
  },
  {
    name: 'settings that raise the database URL',
    files: django("import os\nraise RuntimeError(os.environ['DATABASE_URL'])\n"),
    code: 'DBB6003',
    exit: 1,
    says: ['RuntimeError', 'shop/settings.py:4'],
  },
  {
    name: 'settings that end the process',
    files: django('raise SystemExit(3)\n'),
    code: 'DBB6003',
    exit: 1,
    says: ['ended the process'],
  },
  {
    name: 'another engine',
    files: django("DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'x'}}\n"),
    code: 'DBB6032',
    exit: 1,
    says: ['not PostgreSQL'],
  },
  {
    name: 'an interpreter that is not there',
    files: django(''),
    args: ['--set', 'django.python=/nowhere/python'],
    code: 'DBB6001',
    exit: 1,
    says: ['"/nowhere/python"'],
  },
  {
    name: 'a manage.py that is not there',
    files: raw('preset: django\n'),
    code: 'DBB6004',
    exit: 1,
    says: ['manage.py does not exist'],
  },
];

/** Checks of what the server lacks. */
export const checks: readonly Case[] = [
  {
    name: 'a role that is missing',
    files: raw('preset: sql\ntasks: { check-roles: { roles: [nobody_at_all] } }\n'),
    code: 'DBB5014',
    exit: 3,
    says: ['"nobody_at_all"', 'check "roles"'],
  },
  {
    name: 'an extension that is missing',
    files: raw('preset: sql\ntasks: { check-extensions: { extensions: [hstore] } }\n'),
    code: 'DBB5013',
    exit: 3,
    says: ['"hstore"', 'check "extensions"'],
  },
];
