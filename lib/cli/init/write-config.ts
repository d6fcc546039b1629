import type { ConnectionFacts, DjangoFacts, Part, RepositoryFacts } from './facts.js';

/**
 * A commented config for what was found; it runs as it is. `tasks` are lines that belong below `tasks:`, `settings` is the module that a
 * workflow of CI names.
 */
export function writeConfig(
  facts: RepositoryFacts,
  tasks: readonly string[] = [],
  settings?: string,
): string {
  const sections = [
    [
      '# yaml-language-server: $schema=./node_modules/db-bootstrap/schema.json',
      '#',
      '# Brings the database of this project from nothing, or from any earlier state, to ready: `npx db-bootstrap`.',
      '# `npx db-bootstrap graph` draws what it does, `npx db-bootstrap config --explain` shows each value with its origin.',
    ],
    presetLines(facts),
    databaseLines(facts),
    envLines(facts),
    facts.django ? djangoLines(facts.django, facts.otherProjects, settings) : [],
    taskLines(facts, tasks),
    facts.django?.tenancy ? tenantLines(facts.django) : [],
    [
      '# Other values for other places: `npx db-bootstrap --profile ci`.',
      '# profiles:',
      '#   ci: { reporter: github }',
    ],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function presetLines({ django }: RepositoryFacts): string[] {
  if (!django)
    return ['# No framework was found: init scripts, then the tasks that this file adds.', 'preset: sql'];
  if (!django.tenancy) return [`# A Django project without tenants (${django.managePy}).`, 'preset: django'];
  const { file, line } = django.tenancy;
  return [
    `# A Django project with a schema per tenant (django_tenants is named in ${file}:${line}).`,
    'preset: django-tenants',
  ];
}

function databaseLines(facts: RepositoryFacts): string[] {
  const connection = facts.django?.connection ?? { kind: 'unknown' };
  const set = configuredDatabase(connection);
  const lines =
    set === undefined
      ? [
          '# The database is DATABASE_URL, or PGHOST and its like; where none of them is set (and not in CI), an embedded server is started.',
          '# To use that one always: `database: embedded`.',
        ]
      : [
          `# As the settings of the project read it (${set.where}).`,
          ...set.notes,
          '# To use an embedded server instead: `--set database=embedded`.',
          `database: ${set.value}`,
        ];
  const examples = facts.services.flatMap(({ file, name, port, user = 'postgres', database = user }) => {
    if (port === undefined) return [];
    const url = `postgres://${encodeURIComponent(user)}:PASSWORD@localhost:${port}/${encodeURIComponent(database)}`;
    return [`# Service "${name}" of ${file} would be: DATABASE_URL=${url}`];
  });
  return [...lines, ...examples];
}

/** What names the same database as the settings do; undefined where the environment's own variables suffice. */
function configuredDatabase(
  connection: ConnectionFacts,
): { readonly value: string; readonly where: string; readonly notes: readonly string[] } | undefined {
  if (connection.kind === 'unknown') return undefined;
  const where = `${connection.where.file}:${connection.where.line}`;
  if (connection.kind === 'url') {
    return connection.variable === 'DATABASE_URL'
      ? undefined
      : { value: quoted(`\${${connection.variable}}`), where, notes: [] };
  }
  const { NAME, USER, PASSWORD, HOST, PORT } = connection.parts;
  const all = [NAME, USER, PASSWORD, HOST, PORT];
  // Children get PG* from us, and what the settings leave out, libpq takes from there.
  if (!NAME || all.every((part) => part === undefined || part.variable?.startsWith('PG'))) return undefined;
  // Parts and no URL: a password is whatever it is. One that stands in the settings is not spread any further.
  const { variable } = PASSWORD ?? {};
  const parts = {
    host: unlessEmpty(HOST, 'localhost'),
    port: PORT && unlessEmpty(PORT, '5432'),
    name: given(NAME),
    user: USER && given(USER),
    // Where settings do without one, so can the config.
    password: variable === undefined ? undefined : { variable, ...(PASSWORD?.text === '' && { text: '' }) },
  };
  const written = Object.entries(parts).flatMap(([key, part]) => (part ? [`${key}: ${valueOf(part)}`] : []));
  const notes =
    PASSWORD?.text === undefined || PASSWORD.text === ''
      ? []
      : [`# The password that stands there is not copied: set ${variable ?? 'PGPASSWORD'}.`];
  return { value: `{ ${written.join(', ')} }`, where, notes };
}

/** A name that is empty by default is none. */
function given({ text, ...part }: Part): Part {
  return text === undefined || text === '' ? part : { ...part, text };
}

/** An empty text is Django's word for the default. */
function unlessEmpty(part: Part | undefined, text: string): Part {
  return part === undefined || part.text === '' ? { ...part, text } : part;
}

function valueOf({ variable, text }: Part): string {
  if (variable === undefined) return /^\d+$/.test(text ?? '') ? (text ?? '') : quoted(text ?? '');
  return quoted(text === undefined ? `\${${variable}}` : `\${${variable}:-${text}}`);
}

function envLines({ envFiles }: RepositoryFacts): string[] {
  if (envFiles.length === 0) return [];
  return [
    '# Read for this command and all that it starts; what the environment sets already stays.',
    `envFile: [${envFiles.map(quoted).join(', ')}]`,
  ];
}

function djangoLines(django: DjangoFacts, others: readonly string[], named?: string): string[] {
  const lines =
    django.directory === '.'
      ? []
      : ['# The folder of manage.py.', 'django:', `  directory: ${quoted(django.directory)}`];
  const also = others.map((path) => `# There is another project: ${path}`);
  const settings =
    named !== undefined
      ? ['# As the workflow has it.', `env: { DJANGO_SETTINGS_MODULE: ${quoted(named)} }`]
      : django.settings === undefined
        ? [
            '# manage.py names no settings module; name it here:',
            '# env: { DJANGO_SETTINGS_MODULE: project.settings }',
          ]
        : [
            `# The settings are those that manage.py names (${django.settings}), unless the environment says otherwise. To say so here:`,
            `# env: { DJANGO_SETTINGS_MODULE: ${otherSettings(django) ?? django.settings} }`,
          ];
  return [...lines, ...also, ...settings];
}

/** Settings that a person may want in place of the default ones. */
function otherSettings({ settings, settingsModules }: DjangoFacts): string | undefined {
  return settingsModules.find(
    (each) => each !== settings && /\.(test|tests|testing|ci|dev|development|local)$/.test(each),
  );
}

function taskLines({ initFolders, services, django }: RepositoryFacts, tasks: readonly string[]): string[] {
  const [folder, ...others] = initFolders;
  const files = services.flatMap(({ initFiles }) => initFiles);
  const notes = [
    ...others.map((path) => `# There are more init scripts: ${path}`),
    ...files.map((path) => `# Mounted by itself as an init script, and not in a folder of such: ${path}`),
  ];
  const init =
    folder === undefined || folder === 'docker-entrypoint-initdb.d'
      ? []
      : [
          '  # Scripts that the official PostgreSQL image would run; each runs once.',
          `  init: { directory: ${quoted(folder)} }`,
        ];
  const about = `A command of the project${django ? ' after the migrations' : ''}:`;
  const example = [
    'seed:',
    '  use: command',
    `  run: ${django ? 'python manage.py seed' : './seed.sh'}`,
    ...(django && django.directory !== '.' ? [`  cwd: ${quoted(django.directory)}`] : []),
    `  needs: [${django ? (django.tenancy ? 'tenant-migrations' : 'migrate') : 'init'}]`,
  ];
  if (tasks.length > 0) return [...notes, 'tasks:', ...init, ...tasks];
  // "tasks:" with nothing but comments below would be null.
  return init.length > 0
    ? [...notes, 'tasks:', ...init, `  # ${about}`, ...example.map((line) => `  # ${line}`)]
    : [...notes, `# ${about}`, '# tasks:', ...example.map((line) => `#   ${line}`)];
}

function tenantLines({ tenantModel }: DjangoFacts): string[] {
  return [
    `# Tenants that must exist: row${tenantModel === undefined ? '' : ` (${tenantModel})`}, domain and schema. Fields are those of the model.`,
    '# tenants:',
    '#   - schema: test_tenant',
    '#     domain: test.example.com',
    '#     fields: { name: Test tenant }',
  ];
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}
