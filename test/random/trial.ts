import { pictureOf } from '../support/fleet.js';
import { openCopies, type Choices, type Place } from './copies.js';
import { firstDifference } from './difference.js';

/** "same", or what was not the same; "invalid" where Django itself cannot migrate what was made up. */
export type Verdict = 'same' | 'invalid' | { readonly folder: string; readonly difference: string };

/** Migrates one copy of a fleet by django-tenants itself and one by db-bootstrap, and compares all that the databases hold. */
export async function compareFleets(choices: Choices, place: Place): Promise<Verdict> {
  const copies = await openCopies(choices, place);
  if (!copies) return 'invalid';
  let verdict: Verdict | undefined;
  try {
    if (!(await copies.django(['manage.py', 'migrate_schemas', '--tenant', '--noinput'])))
      return (verdict = 'invalid');
    const { code, stdout, stderr } = await copies.bootstrap(
      '--only',
      'wait,tenant-migrations',
      '--reporter',
      'append-only',
    ).ended;
    const [wanted, got] = [await pictureOf(copies.theirs), await pictureOf(copies.ours)];
    if (code === 0 && wanted === got) return (verdict = 'same');
    const difference = code === 0 ? firstDifference(wanted, got) : stdout + stderr;
    return (verdict = { folder: copies.folder, difference });
  } finally {
    await copies.close(verdict !== 'same' && verdict !== 'invalid');
  }
}
