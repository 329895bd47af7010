import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escape, unescape } from '../../../src/hl7/escape.js';

describe('escape and unescape', () => {
  it('writes the five delimiters as the sequences that PKB knows', () => {
    assert.equal(escape('a|b^c&d~e\\f'), 'a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f');
  });

  it('writes every kind of line end as one line break', () => {
    assert.equal(escape('a\rb\nc\r\nd'), 'a\\.br\\b\\.br\\c\\.br\\d');
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(unescape(escape(text)), text.replaceAll(/\r\n?/g, '\n'));
      }),
      { numRuns: 5000 },
    );
  });

  it('leaves sequences outside the six as they are', () => {
    for (const raw of ['\\H\\bold\\N\\', '\\X0D\\', '\\C2842\\', '\\Zx\\', '\\.sp+3\\', '\\in+2\\']) {
      assert.equal(unescape(raw), raw);
    }
  });

  it('keeps a lone escape character and still reads the sequence behind it', () => {
    assert.equal(unescape('C:\\dir\\F\\x'), 'C:\\dir|x');
    assert.equal(unescape('\\'), '\\');
    assert.equal(unescape('\\\\'), '\\\\');
    assert.equal(unescape('a\\Fb'), 'a\\Fb');
  });

  it("uses the message's own delimiters", () => {
    const delimiters = { field: '$', component: '*', repetition: '!', escape: '/', subcomponent: '@' };
    assert.equal(escape('a$b*c/d|e\n', delimiters), 'a/F/b/S/c/E/d|e/.br/');
    assert.equal(unescape('a/F/b/S/c/E/d|e/.br/', delimiters), 'a$b*c/d|e\n');
  });
});
