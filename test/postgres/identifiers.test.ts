import assert from 'node:assert/strict';
import fc from 'fast-check';
import { quoteIdentifier, quoteLiteral } from '../../lib/postgres/index.js';
import { query, testServer } from '../support/postgres.js';

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 15 })
  .filter((each) => !/[\0\ud800-\udfff]/.test(each));

describe('quoting', () => {
  for (const mode of ['on', 'off']) {
    it(`makes any name an identifier and any text a literal (standard_conforming_strings ${mode})`, async () => {
      const url = new URL((await testServer()).url);
      url.searchParams.set('options', `-c standard_conforming_strings=${mode}`);
      const words = [...fc.sample(text, 300), `'`, `"`, `\\`, `\\'`, `''`, `"";`, `E'`];
      const columns = words.map((word, index) => [`${String(index)} ${word.slice(0, 10)}`, word] as const);
      const list = columns.map(([name, word]) => `${quoteLiteral(word)} as ${quoteIdentifier(name)}`);
      const [row] = await query(url.href, `select ${list.join(', ')}`);
      assert.deepEqual(row, Object.fromEntries(columns));
    });
  }
});
