import { relative } from 'node:path';
import type { Workflow } from '../../config/workflow.js';
import type { ConnectionParameters } from '../postgres/index.js';
import { findDjango } from './init/django.js';
import { walk } from './init/walk.js';

/** The variables by which the settings of the project find their database, with the values that lead to the one of the proof. */
export function settingsVariables(
  { root, django }: Workflow,
  proof: ConnectionParameters,
): Readonly<Record<string, string>> {
  const directory = relative(root, django.directory) || '.';
  const connection = findDjango(root, walk(root, 3)).find((each) => each.directory === directory)?.connection;
  if (connection?.kind === 'url') return { [connection.variable]: proof.url };
  // Only the name differs: host, role and password are those of the target.
  const name = connection?.kind === 'parts' ? connection.parts.NAME?.variable : undefined;
  return name === undefined ? {} : { [name]: proof.database };
}
