import { join, relative } from 'node:path';
import { preflight, type Preflight, type SettingsFacts } from '../../django/index.js';
import { BootstrapError, fileText, type Place } from '../../errors/index.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';

/** The facts of the project; undefined where no host answers, which the rule "project-loads" tells. */
export async function factsOf({ host }: Evidence): Promise<Preflight | undefined> {
  if (!host) return undefined;
  try {
    return await preflight(host);
  } catch (error) {
    if (error instanceof BootstrapError) return undefined;
    throw error;
  }
}

/** A rule that looks at nothing but the facts of the project, and at them only where the settings can be imported. */
export function settingsRule(
  name: string,
  find: (settings: SettingsFacts, facts: Preflight, evidence: Evidence) => readonly Diagnosis[],
): Rule {
  return {
    name,
    reads: ['host'],
    find: async (evidence) => {
      const facts = await factsOf(evidence);
      return facts?.settings ? find(facts.settings, facts, evidence) : [];
    },
  };
}

/** A place of the project ("file:line" from its folder) as findings have it: from the root, with the line's text. */
export function placeAt(evidence: Evidence, at: string | null | undefined): { readonly place?: Place } {
  const [, name, number] = /^(.*):(\d+)$/.exec(at ?? '') ?? [];
  if (name === undefined) return {};
  const path = join(evidence.projectDirectory ?? evidence.root, name);
  const line = Number(number);
  const source = lineOf(path, line);
  const column = source === undefined ? -1 : source.search(/\S/);
  return {
    place: {
      file: relative(evidence.root, path),
      line,
      ...(source === undefined ? {} : { source }),
      ...(column < 0 ? {} : { column: column + 1, length: (source ?? '').trim().length }),
    },
  };
}

/** Where a setting is set; the settings file where it is not, or where nobody can say. */
export function placeOfSetting(
  evidence: Evidence,
  { file, places }: SettingsFacts,
  ...names: readonly string[]
): { readonly place?: Place } {
  const at = names.map((name) => places[name]).find((found) => found !== undefined);
  if (at !== undefined) return placeAt(evidence, at);
  if (file === null) return {};
  return { place: { file: relative(evidence.root, join(evidence.projectDirectory ?? evidence.root, file)) } };
}

/** Where an app is written in the lists of the settings; where the list is set, if it is not written out. */
export function placeOfEntry(
  evidence: Evidence,
  settings: SettingsFacts,
  app: string,
  ...lists: readonly string[]
): { readonly place?: Place } {
  const at = settings.entries[app];
  return at === undefined ? placeOfSetting(evidence, settings, ...lists) : placeAt(evidence, at);
}

/** "file:line" from the root, for a line of evidence; empty where there is none. */
export function shownPlace(evidence: Evidence, at: string | null | undefined): string {
  const { place } = placeAt(evidence, at);
  return place ? ` (${place.file}:${String(place.line)})` : '';
}

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Kinds of schemas as people say them. */
export function schemasOf(kinds: readonly string[]): string {
  const types = kinds.filter((kind) => !['public', 'tenants'].includes(kind));
  return listed([
    ...(kinds.includes('public') ? ['the public schema'] : []),
    ...(kinds.includes('tenants') ? ["every tenant's schema"] : []),
    ...types.map((type) => `the schema of every tenant of type "${type}"`),
  ]);
}

function lineOf(path: string, line: number): string | undefined {
  // There is none where it is compiled, zipped, or gone meanwhile.
  return fileText(path)?.split(/\r?\n/)[line - 1];
}
