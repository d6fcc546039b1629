import type { Workflow } from '../../config/workflow.js';
import { BootstrapError, type Place, type Problem } from '../errors/index.js';
import { maskedUrl, resolveConnection, type ConnectionParameters } from '../postgres/index.js';

/** The database of a workflow's URL; one that cannot be read is shown where it was written. */
export function connectionOf(workflow: Workflow, url: string): ConnectionParameters {
  try {
    return resolveConnection(url, workflow.env);
  } catch (error) {
    if (!(error instanceof BootstrapError) || error.problems[0].place) throw error;
    const [problem] = error.problems;
    const blamed = problem.facts?.variable;
    const told =
      typeof blamed === 'string' ? { place: workflow.placeOfVariable(blamed) } : written(workflow, url);
    throw new BootstrapError({ ...problem, ...told }, { cause: error });
  }
}

function written(
  { env, raw, placeOfValue, placeOfVariable }: Workflow,
  url: string,
): Pick<Problem, 'place' | 'help'> {
  const { database } = raw as Readonly<Record<string, unknown>>;
  if (database === undefined)
    return {
      place: env.DATABASE_URL === url ? placeOfVariable('DATABASE_URL') : { file: 'PGHOST and its like' },
    };
  if (typeof database !== 'object') return { place: masked(placeOfValue(['database']), url) };
  if (database !== null && 'url' in database)
    return { place: masked(placeOfValue(['database', 'url']), url) };
  // Of the parts, the host alone can be wrong in a way that no schema refuses.
  return { place: placeOfValue(['database', 'host']), help: 'write one host name or address there' };
}

/** What cannot be read as a URL may hold a password that no mask finds in the line: the line is shown with the URL as it is told. */
function masked({ source, length, ...place }: Place, url: string): Place {
  if (source === undefined) return place;
  // Parts, and a URL with variables in it, are not the whole URL.
  if (!url.includes('://') || !source.includes(url))
    return { ...place, source, ...(length === undefined ? {} : { length }) };
  const shown = maskedUrl(url);
  const quotes = Math.max(0, (length ?? url.length) - url.length);
  return { ...place, source: source.replace(url, () => shown), length: shown.length + quotes };
}
