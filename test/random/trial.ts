import { pictureOf } from '../support/fleet.js';
import { openCopies, type Choices, type Copies, type Place } from './copies.js';
import { firstDifference } from './difference.js';

/** "same", or what was not the same; "invalid" where Django itself cannot migrate what was made up. */
export type Verdict = 'same' | 'invalid' | { readonly folder: string; readonly difference: string };

/**
 * Migrates one copy of a fleet by django-tenants itself and one by db-bootstrap, and compares all that the databases hold; where it has
 * several tenants that had nothing, so that what was executed there is kept, once more with new tenants.
 */
export async function compareFleets(choices: Choices, place: Place): Promise<Verdict> {
  const copies = await openCopies(choices, place);
  if (!copies) return 'invalid';
  let verdict: Verdict | undefined;
  try {
    verdict = await compare(copies);
    if (verdict !== 'same' || choices.parts.filter((part) => part === 0).length < 2) return verdict;
    for (const url of [copies.theirs, copies.ours])
      if (!(await copies.django(['more.py'], url))) throw new Error('the tenants could not be added');
    return (verdict = await compare(copies));
  } finally {
    await copies.close(verdict !== 'same' && verdict !== 'invalid');
  }
}

async function compare(copies: Copies): Promise<Verdict> {
  if (!(await copies.django(['manage.py', 'migrate_schemas', '--tenant', '--noinput']))) return 'invalid';
  const { code, stdout, stderr } = await copies.bootstrap(
    '--only',
    'wait,tenant-migrations',
    '--reporter',
    'append-only',
  ).ended;
  const [wanted, got] = [await pictureOf(copies.theirs), await pictureOf(copies.ours)];
  if (code === 0 && wanted === got) return 'same';
  return { folder: copies.folder, difference: code === 0 ? firstDifference(wanted, got) : stdout + stderr };
}
