import type { Note } from '../../errors/index.js';
import type { Scene } from './scene.js';

/** The name under which a schema records a migration whose file has another now: of the same app and number, and not on disk. */
export async function nameBefore(
  { project }: Scene,
  schema: string,
  app: string,
  name: string,
): Promise<string | undefined> {
  const number = /^\d+_/.exec(name)?.[0];
  if (number === undefined) return undefined;
  const [state] = (await project?.states([schema])) ?? [];
  const before = state?.unknown.filter((each) => each.app === app && each.name.startsWith(number)) ?? [];
  return before.length === 1 ? before[0]?.name : undefined;
}

/** What lets Django take the old record for the new one, in every schema at once. */
export function replaceHelp(app: string, name: string, before: string): string {
  return `give the file its old name again, or add to the class in ${app}/migrations/${name}.py: replaces = [("${app}", "${before}")]`;
}

/** How a record and a file came to have different names. */
export function renamedNote(app: string, before: string): Note {
  return { label: 'likely', text: `the file was renamed: ${app}.${before} is recorded, and not on disk` };
}
