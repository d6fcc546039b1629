import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  displayWidth,
  harmless,
  padText,
  plainText,
  truncateText,
  visible,
  visibleLines,
} from '../../lib/text/index.js';

describe('plainText', () => {
  it('removes what moves the cursor, changes the screen, or turns the writing', () => {
    assert.equal(
      plainText(
        '\u001b[31mred\u001b[0m \u001b[2J\u001b[1;1H\u001b]0;title\u0007x\u009b1A\u001bc\u0008\u202e',
      ),
      'red x',
    );
  });

  it('keeps lines and tabs, and the last state of a line that was written over', () => {
    assert.equal(plainText('a\r\nb\tc\n10%\r50%\r100%\nd\r\n'), 'a\nb\tc\n100%\nd\n');
  });

  it('leaves no control character, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(plainText(text), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('visible and harmless', () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          '\u001b[2J',
          '\n',
          '\r\n',
          '::set-env name=A::b',
          '  ::error::',
          '##[error]',
          '\u009b',
          '\u202e',
        ),
      ),
    )
    .map((parts) => parts.join(''));

  it('show a name on one line, as a JSON string would', () => {
    assert.equal(visible('a\n::set-env name=A::b\u001b[2J'), 'a\\n::set-env name=A::b\\u001b[2J');
    fc.assert(
      fc.property(hostile, (text) => {
        assert.doesNotMatch(visible(text), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      }),
    );
  });

  it('show the control characters of a message, and leave its lines', () => {
    assert.equal(visibleLines('a\u001b[2J\r\n\tb\u0007\u202e'), 'a\\u001b[2J\n\tb\\u0007\\u202e');
  });

  it('leave a text no command and no escape but our colours, whatever the text; JSON says the same', () => {
    assert.equal(harmless('\u001b[31mred\u001b[39m a::b\n'), '\u001b[31mred\u001b[39m a::b\n');
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = harmless(text);
        assert.doesNotMatch(
          shown.replace(/\u001b\[(?:0|1|2|22|3\d|39)m/g, ''),
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
        );
        assert.doesNotMatch(shown, /^[ \t]*::[\w-]+(?:[ \t][^\n]*)?::|##\[[\w-]/m);
        assert.deepEqual(JSON.parse(harmless(JSON.stringify({ text }))), { text });
      }),
    );
  });
});

describe('displayWidth and truncateText', () => {
  it('count columns, not characters', () => {
    assert.equal(displayWidth('abc'), 3);
    assert.equal(displayWidth('世界'), 4);
    assert.equal(displayWidth('e\u0301'), 1);
    assert.equal(displayWidth('👩‍👩‍👧'), 2);
    assert.equal(displayWidth('\u001b[31mred\u001b[0m é'), 5);
    assert.equal(padText('世', 4), '世  ');
  });

  it('cut at a whole character', () => {
    assert.equal(truncateText('abcdef', 4), 'abc…');
    assert.equal(truncateText('世界人', 4), '世…');
    assert.equal(truncateText('abc', 3), 'abc');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 10 }), (text, columns) => {
        assert.ok(displayWidth(truncateText(plainText(text), columns)) <= columns);
      }),
    );
  });
});
