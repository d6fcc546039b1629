import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openStateFile, readStateFile, writeStateFile } from '../../lib/process/index.js';
import { fileLedger } from '../../lib/run/index.js';
import { makeFolder } from '../support/folder.js';
import { rejection } from '../support/rejection.js';

describe('files of our own', () => {
  let home: ReturnType<typeof makeFolder>;
  beforeEach(() => (home = makeFolder({ victim: 'secret' })));
  afterEach(() => home.remove());

  const plants: Readonly<Record<string, (path: string) => void>> = {
    'a link': (path) => symlinkSync(join(home.folder, 'victim'), path),
    'a link to nothing': (path) => symlinkSync(join(home.folder, 'nothing'), path),
    'a pipe': (path) => void execFileSync('mkfifo', [path]),
    'a device': (path) => symlinkSync('/dev/zero', path),
    'a folder': (path) => void execFileSync('mkdir', [path]),
  };

  for (const [what, plant] of Object.entries(plants))
    it(`are neither read, written nor waited for where ${what} stands`, async () => {
      const path = join(home.folder, 'own');
      plant(path);
      const refused = /not a plain file|EISDIR/;
      assert.throws(() => readStateFile(path), refused);
      assert.throws(() => writeStateFile(path, 'lost'), refused);
      assert.throws(() => openStateFile(path, 'append'), refused);
      assert.equal(readStateFile(join(home.folder, 'victim')), 'secret');
      assert.equal(existsSync(join(home.folder, 'nothing')), false);

      // The ledger says so, and works again once its help was followed.
      const ledger = join(home.folder, 'ledger.json');
      plant(ledger);
      const open = fileLedger({ stateDirectory: home.folder, readOnly: false });
      await open.attach();
      const { code, message, help } = (await rejection(open.forTask('a').entries())).problems[0];
      assert.equal(code, 'DBB4030');
      assert.match(message, refused);
      assert.match(help ?? '', /delete the file|remove|writable/);
      rmSync(ledger, { recursive: true });
      await open.forTask('a').set('key', 'value');
      assert.equal(await open.forTask('a').get('key'), 'value');
    });
});
