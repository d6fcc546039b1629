import { join } from 'node:path';
import { ciRules, examine, type Finding } from '../../lib/diagnose/index.js';
import { makeFolder } from './folder.js';

/** A workflow file with one job, whose steps and services are given as YAML. */
export function workflow(steps: string, services = '', env = ''): string {
  return `name: ci
on: push
${env}jobs:
  test:
    runs-on: ubuntu-latest
${services}    steps:
      - uses: actions/checkout@v4
${steps}`;
}

/** A step with a script. */
export const run = (script: string, more = ''): string =>
  `      - name: database
${more}        run: |
${script
  .split('\n')
  .map((line) => `          ${line}`)
  .join('\n')}
`;

/** A service container. */
export const postgres = (more = ''): string => `    services:
      db:
        image: postgres:16
${more}`;

/** What the rules about workflow files find in one. */
export async function findIn(text: string, files: Record<string, string> = {}): Promise<readonly Finding[]> {
  const project = makeFolder({ '.github/workflows/ci.yml': text, ...files });
  try {
    const { findings } = await examine(
      {
        root: project.folder,
        env: {},
        workflowFiles: [join(project.folder, '.github/workflows/ci.yml')],
        signal: new AbortController().signal,
      },
      ciRules,
    );
    return findings;
  } finally {
    project.remove();
  }
}
