import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { BootstrapError } from '../../errors/index.js';
import type { RepositoryFacts } from './facts.js';
import type { Translation } from './from-workflow.js';
import { inspectRepository } from './inspect.js';
import { writeConfig } from './write-config.js';

/** The file that `init` writes: a name that editors do not mistake for another tool's. */
const fileName = '.bootstraprc.yaml';

/** `init`: looks at the repository, writes a commented config that runs as it is, and says what comes next. Never overwrites a config. */
export async function initRepository(options: {
  readonly cwd: string;
  readonly stdout: Writable;
  /** A CI workflow file whose database steps become tasks. */
  readonly from?: string | undefined;
}): Promise<number> {
  const found = inspectRepository(options.cwd);
  const [existing] = found.configs;
  if (existing !== undefined) throw exists(existing);
  const translation = options.from === undefined ? undefined : await translate(options.from, found);
  const facts =
    translation?.initFolder === undefined ? found : { ...found, initFolders: [translation.initFolder] };
  const config = writeConfig(facts, translation?.tasks, translation?.settings);
  try {
    await writeFile(join(options.cwd, fileName), config, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(fileName);
    throw new BootstrapError(
      {
        code: 'DBB1009',
        message: `${fileName} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
        help: `make ${options.cwd} writable`,
      },
      { cause: error },
    );
  }
  const told = translation && options.from !== undefined ? describeRows(options.from, translation) : [];
  options.stdout.write(
    `${[...describe(facts), ...told, `wrote ${fileName}`, 'next: npx db-bootstrap'].join('\n')}\n`,
  );
  return 0;
}

/** Reads a workflow file, and what its database steps become. */
async function translate(from: string, { root, django }: RepositoryFacts): Promise<Translation> {
  const path = resolve(root, from);
  if (!existsSync(path))
    throw new BootstrapError({
      code: 'DBB1010',
      message: `the workflow file "${from}" does not exist`,
      place: { file: '--from' },
      help: 'name a file below .github/workflows',
    });
  const [{ readWorkflow }, { translateWorkflow }] = await Promise.all([
    import('../../diagnose/index.js'),
    import('./from-workflow.js'),
  ]);
  const preset = django?.tenancy ? 'django-tenants' : django ? 'django' : 'sql';
  return translateWorkflow(readWorkflow(path, root), preset, root);
}

/** Which line became what, and which was left alone. */
function describeRows(from: string, { rows }: Translation): string[] {
  const row = ({ file, line, text, became, reason }: Translation['rows'][number]): string => {
    const [first = ''] = text.split('\n');
    const short = first.length > 60 ? `${first.slice(0, 59)}…` : first;
    const left = reason === undefined ? 'left alone' : `left alone: ${reason}`;
    return `  ${file}:${String(line)}  ${short}  →  ${became ?? left}`;
  };
  return rows.length === 0 ? [`no commands in ${from}`] : [`from ${from}`, ...rows.map(row)];
}

function exists(file: string): BootstrapError {
  return new BootstrapError({
    code: 'DBB1006',
    message:
      file === 'package.json'
        ? 'package.json has a config under "bootstrap" already'
        : `${file} exists already, and is not overwritten`,
    place: { file },
    help: 'run "db-bootstrap config" to see it resolved, or move it away first',
  });
}

function describe(facts: RepositoryFacts): string[] {
  const { django, services, initFolders, envFiles } = facts;
  const lines: [string, string][] = [];
  if (django)
    lines.push([
      'Django',
      `${django.managePy}${django.settings === undefined ? '' : `, settings ${django.settings}`}`,
    ]);
  if (django?.tenancy) lines.push(['django_tenants', `${django.tenancy.file}:${django.tenancy.line}`]);
  if (django?.connection.kind === 'url')
    lines.push(['database', `${django.connection.variable}, read in ${django.connection.where.file}`]);
  if (django?.connection.kind === 'parts')
    lines.push(['database', `parts, read in ${django.connection.where.file}`]);
  for (const folder of initFolders) lines.push(['init scripts', folder]);
  for (const { name, image, file, port } of services) {
    lines.push([
      'compose service',
      `${name} (${image}) in ${file}${port === undefined ? '' : `, port ${port}`}`,
    ]);
  }
  for (const file of envFiles) lines.push(['variables', file]);
  if (lines.length === 0) return ['found nothing that says how this project makes its database'];
  const width = Math.max(...lines.map(([label]) => label.length));
  return ['found', ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)];
}
