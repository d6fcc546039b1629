import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonFault } from '../../config/json-fault.js';

describe('mistakes in JSON', () => {
  const wrong: readonly (readonly [string, number, string])[] = [
    ['{"a": 1,}', 8, 'no comma may stand before "}"'],
    ['[1, 2,]', 6, 'no comma may stand before "]"'],
    ['{"a": 1 // why\n}', 8, 'JSON has no comments'],
    ['{a: 1}', 1, '"a" is no JSON'],
    ["{'a': 1}", 1, 'texts stand in double quotes'],
    ['{"a" 1}', 5, 'a colon must stand between a key and its value'],
    ['{"a": }', 6, 'a value must stand here'],
    ['{"a": 1 "b": 2}', 8, 'a comma or "}" must stand here'],
    ['{"a": [1, 2', 11, '"]" is missing at the end'],
    ['{"a": "b\n"}', 6, 'this text has no end, or a character that must be escaped'],
    ['{} {}', 3, 'nothing may follow the end of the value'],
    ['', 0, 'a value must stand here'],
    ['{"a": 01}', 6, '"01" is no JSON'],
  ];
  for (const [text, offset, message] of wrong) {
    it(`says of ${JSON.stringify(text)}: ${message}`, () => {
      const fault = jsonFault(text);
      assert.deepEqual([fault?.offset, fault?.message], [offset, message]);
    });
  }

  it('agrees with JSON.parse about what is JSON', () => {
    const bits = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
    );
    const texts = fc.oneof(
      fc.json(),
      fc.array(bits).map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(jsonFault(text) === undefined, isJson(text), text);
      }),
      { numRuns: 3000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
