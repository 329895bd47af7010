import assert from 'node:assert/strict';
import fc from 'fast-check';
import { momentOf } from '../../../../src/hl7/timestamp.js';
import { isSnomedCt } from '../../../../src/pkb/snomed-ct.js';
import { date, readTime, time } from '../../../../src/pkb/compose/times.js';

describe('times in fields', () => {
  for (const [written, hl7] of [
    ['2026', '2026'],
    ['2026-01', '202601'],
    ['2026-01-31', '20260131'],
    ['2026-01-31T09:30', '202601310930'],
    ['2026-01-31 09:30:05', '20260131093005'],
    ['2026-01-31T09:30:05.5Z', '20260131093005.5+0000'],
    ['2026-01-31T09:30:05.123456+01:00', '20260131093005.123+0100'],
    ['2026-01-31 09:30+01', '202601310930+0100'],
    ['2026-01-31T09:30-0530', '202601310930-0530'],
    ['20260131093000+0100', '20260131093000+0100'],
  ] as const) {
    it(`${written} is written ${hl7}`, () => {
      assert.ok(readTime(written));
      assert.equal(time(written), hl7);
    });
  }

  for (const written of [
    '',
    'yesterday',
    '2026-02-30',
    '2026-1-1',
    '2026-01-31T9:30',
    '2026-01-31T24:00',
    '31/01/2026',
    '2026-01-31T09',
    '202601311',
    '2026-01-31T09:30+15:00',
  ]) {
    it(`"${written}" is none`, () => assert.equal(readTime(written), undefined));
  }

  it('mean the same moment before and after', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        (moment) => {
          const stamp = readTime(moment.toISOString());
          assert.ok(stamp);
          assert.equal(momentOf(stamp).getTime(), moment.getTime());
          assert.deepEqual(readTime(time(moment.toISOString())), stamp);
        },
      ),
    );
  });

  it('lose their time of day as dates', () => assert.equal(date('1970-01-31T12:00Z'), '19700131'));
});

describe('SNOMED CT codes', () => {
  // Published examples of the Technical Implementation Guide and of vital signs in the UK.
  for (const code of ['100005', '271649006', '271650006', '1290023401004', '999000011000001104'])
    it(`${code} is one`, () => assert.equal(isSnomedCt(code), true));
  for (const code of ['100006', '271649005', '0271649006', '27164', '271649006a', ''])
    it(`"${code}" is none`, () => assert.equal(isSnomedCt(code), false));

  it('with one digit changed, or two neighbours swapped, are none', () => {
    const code = '271649006';
    for (let i = 0; i < code.length; i++) {
      for (const digit of '0123456789') {
        if (digit !== code[i]) assert.equal(isSnomedCt(code.slice(0, i) + digit + code.slice(i + 1)), false);
      }
      if (i > 0 && code[i] !== code[i - 1])
        assert.equal(
          isSnomedCt(`${code.slice(0, i - 1)}${code[i]}${code[i - 1]}${code.slice(i + 1)}`),
          false,
        );
    }
  });
});
