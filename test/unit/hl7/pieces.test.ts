import assert from 'node:assert/strict';
import fc from 'fast-check';
import { piecesOf } from '../../../src/hl7/pieces.js';

describe('pieces of a text', () => {
  it('are the text when joined, none longer than asked for, none with half a character', () => {
    const text = fc
      .array(fc.constantFrom('a', 'Ł', '😀', '\r'), { maxLength: 50 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 9 }), (whole, length) => {
        const pieces = [...piecesOf(whole, length)];
        assert.equal(pieces.join(''), whole);
        assert.ok(pieces.length > 0);
        for (const piece of pieces) assert.ok(piece.length <= length && piece.isWellFormed());
      }),
    );
  });
});
