import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Copies } from './copies.js';
import { firstDifference } from './difference.js';
import { catalogsOf, factsOf } from './tenant-facts.js';

/**
 * What is wrong with tenants whose catalog is not the one that Django makes by exactly the migrations that they have recorded; those
 * named in `except` are not looked at. A migration that is not atomic may be half done where it comes next.
 */
export async function halfMigrated(copies: Copies, except: readonly string[] = []): Promise<string[]> {
  const schemas = copies.schemas.filter((schema) => !except.includes(schema));
  const [facts, catalogs] = [await factsOf(copies.ours, schemas), await catalogsOf(copies.ours, schemas)];
  const references = new Map<string, { readonly schema: string; readonly targets: string[][] }>();
  for (const { recorded } of facts.values()) {
    const last = new Map(recorded.map((key) => key.split('.') as [string, string]));
    const schema = `reference_${String(references.size)}`;
    const key = keyOf(recorded);
    if (!references.has(key)) references.set(key, { schema, targets: [...last] });
  }
  const url = await copies.copyOfTheirs();
  const list = [...references.values()].map(({ schema, targets }) => [schema, targets]);
  writeFileSync(join(copies.folder, 'references.json'), JSON.stringify(list));
  if (!(await copies.django(['reference.py'], url)))
    return [`no schema can have recorded what is recorded: ${JSON.stringify([...facts])}`];
  const wanted = await catalogsOf(
    url,
    [...references.values()].map(({ schema }) => schema),
  );
  return schemas.flatMap((schema) => {
    const recorded = facts.get(schema)?.recorded ?? [];
    if (nextIsNotAtomic(copies, recorded)) return [];
    // Django makes the table of records by itself, before the first migration.
    const lines = (name: string): string =>
      (name === schema ? catalogs : wanted)
        .get(name)
        ?.filter((line) => recorded.length > 0 || !line.includes('django_migrations'))
        .join('\n') ?? '';
    const [want, got] = [lines(references.get(keyOf(recorded))?.schema ?? ''), lines(schema)];
    return want === got
      ? []
      : [`"${schema}" has recorded ${recorded.join(' ')}\n${firstDifference(want, got)}`];
  });
}

function keyOf(recorded: readonly string[]): string {
  return [...recorded].sort().join(' ');
}

function nextIsNotAtomic({ history }: Copies, recorded: readonly string[]): boolean {
  const next = history.migrations.find(({ app, name }) => !recorded.includes(`${app}.${name}`));
  return next?.atomic === false;
}
