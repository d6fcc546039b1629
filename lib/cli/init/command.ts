import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BootstrapError } from '../../errors/index.js';
import type { RepositoryFacts } from './facts.js';
import { inspectRepository } from './inspect.js';
import { writeConfig } from './write-config.js';

/** The file that `init` writes: a name that editors do not mistake for another tool's. */
const fileName = '.bootstraprc.yaml';

/** `init`: looks at the repository, writes a commented config that runs as it is, and says what comes next. Never overwrites a config. */
export async function initRepository(options: {
  readonly cwd: string;
  readonly stdout: Writable;
}): Promise<number> {
  const facts = await inspectRepository(options.cwd);
  const [existing] = facts.configs;
  if (existing !== undefined) throw exists(existing);
  try {
    await writeFile(join(options.cwd, fileName), writeConfig(facts), { flag: 'wx' });
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
  options.stdout.write(`${[...describe(facts), `wrote ${fileName}`, 'next: npx db-bootstrap'].join('\n')}\n`);
  return 0;
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
