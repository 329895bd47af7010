import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  formatTimestamp,
  formatUtc,
  momentOf,
  parseTimestamp,
  readTimestamp,
} from '../../../src/hl7/timestamp.js';

describe('time stamps', () => {
  it('keeps precision and offset', () => {
    for (const raw of [
      '2019',
      '201910',
      '20191029',
      '2019102915',
      '201910291502',
      '20191029150209',
      '20191029150209.123',
    ]) {
      for (const offset of ['', '+0000', '-0330', '+1400']) {
        assert.equal(formatTimestamp(parseTimestamp(raw + offset, 'MSH-7')), raw + offset);
      }
    }
  });

  it('cuts a fourth decimal off, as PKB does', () => {
    assert.equal(readTimestamp('20191029150209.1239')?.millisecond, 123);
  });

  it('fills missing parts as PKB does: dates with 1, times with 0', () => {
    assert.deepEqual(momentOf(parseTimestamp('2019', 'x')), new Date('2019-01-01T00:00:00Z'));
    assert.deepEqual(
      momentOf(parseTimestamp('20191029150209.5+0130', 'x')),
      new Date('2019-10-29T13:32:09.500Z'),
    );
  });

  it('refuses halves of parts, dates that do not exist and anything else', () => {
    for (const raw of [
      '',
      '201',
      '20191',
      '2016020311121',
      '20190229',
      '20191301',
      '20190100',
      '2019010124',
      '201901010060',
      '20190101000060',
      '2019+01',
      '2019+0160',
      '2019+1500',
      '2019-01-01',
      ' 2019',
      '20190101000000.',
      '0000',
      'x',
    ]) {
      assert.equal(readTimestamp(raw), undefined, raw);
      assert.throws(() => parseTimestamp(raw, 'PID-7'), { code: 'PKB_HL7_TIMESTAMP', message: /^PID-7/ });
    }
    assert.ok(readTimestamp('20200229'));
  });

  it('writes a moment in UTC with its offset, as on the Partner page', () => {
    assert.equal(formatUtc(new Date('2019-10-29T15:02:09.999Z')), '20191029150209+0000');
  });

  it('reads every moment that it writes', () => {
    const years = {
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    };
    fc.assert(
      fc.property(fc.date(years), (moment) => {
        const seconds = Math.floor(moment.getTime() / 1000) * 1000;
        assert.equal(momentOf(parseTimestamp(formatUtc(moment), 'x')).getTime(), seconds);
      }),
    );
  });
});
