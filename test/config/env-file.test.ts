import assert from 'node:assert/strict';
import { parseEnvFile } from '../../config/env-file.js';

describe('an env file', () => {
  const cases: Record<string, [string, Record<string, string>]> = {
    'keeps a # inside of a value': ['MAIL_PASSWORD=pa#ss', { MAIL_PASSWORD: 'pa#ss' }],
    'keeps a # at the start of a value': ['export COLOR=#fff  # white', { COLOR: '#fff' }],
    'takes comments after a blank away': [
      "# A=1\nB=two words # said\nC='a#b' # said",
      { B: 'two words', C: 'a#b' },
    ],
    'keeps quotes inside of a value': [`A=it's#"1"`, { A: `it's#"1"` }],
    'keeps values of several lines': ['KEY="one\ntwo #\nthree"\nA=1', { KEY: 'one\ntwo #\nthree', A: '1' }],
    'replaces variables of the lines above and of the process': [
      'BASE=/srv\nMEDIA=${BASE}/media\nHERE=${HOME}\nPORT=${NO_PORT:-80}',
      { BASE: '/srv', MEDIA: '/srv/media', HERE: '/root', PORT: '80' },
    ],
    'keeps what nobody sets': ['A=${NOBODY}\nB=$HOME', { A: '${NOBODY}', B: '$HOME' }],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    it(name, () => {
      assert.deepEqual({ ...parseEnvFile(text, { HOME: '/root' }) }, expected);
    });
  }
});
