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

  it('holds no formula where another separator divides the cells, or a quote is not seen', () => {
    const [, row = ''] = csv(['a'], [['x;=1+1\n-2\t@3', 'a-b;c=d']]).split('\r\n', 2);
    assert.equal(row, `"x;'=1+1\n'-2\t'@3","a-b;c=d"`);
  });

  for (const formula of [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1+1',
    '＋1',
    '－1',
    '＠1',
  ])
    it(`holds ${JSON.stringify(formula)} as text`, () => {
      const [, row = ''] = csv(['a'], [[formula]]).split('\r\n', 2);
      assert.match(row.replace(/^"/, ''), /^'/);
    });
});
