import assert from 'node:assert/strict';
import { csv } from '../../../src/operator/csv.js';

describe('a list for spreadsheets', () => {
  it('begins with a byte order mark, and quotes commas, quotes and line ends', () => {
    const text = csv(
      ['a', 'b'],
      [
        ['x,y', 'say "it"'],
        ['two\nlines', 'Łódź'],
      ],
    );
    assert.equal(text, '\uFEFFa,b\r\n"x,y","say ""it"""\r\n"two\nlines",Łódź\r\n');
  });

  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])
    it(`holds ${JSON.stringify(formula)} as text`, () => {
      const [, row = ''] = csv(['a'], [[formula]]).split('\r\n', 2);
      assert.match(row.replace(/^"/, ''), /^'/);
    });
});
