/** What operators are told of letters: sums, shares, and the hours of some days. */
import assert from 'node:assert/strict';
import {
  endCounts,
  hoursUntil,
  inState,
  LETTER_DAYS,
  percentOf,
  printingAvoided,
  reasonCounts,
} from '../../../src/operator/letter-report.js';
import type { LetterCount } from '../../../src/delivery/outbox/letters.js';

const HOUR_MS = 3_600_000;
const count = (end: LetterCount['end'], reason: string, number: number, hour = 0): LetterCount => ({
  hour,
  watcher: 'l',
  end,
  reason,
  count: number,
});

describe('the numbers of letters', () => {
  const counts = [
    count('post', 'unread', 2),
    count('attention', 'unknown', 9),
    count('read', 'read', 4),
    count('post', 'unanswered', 5),
    count('post', 'unread', 4, HOUR_MS),
  ];

  it('are added up by end, and by reason with the most frequent first', () => {
    assert.deepEqual(endCounts(counts), { read: 4, post: 11, attention: 9 });
    assert.deepEqual(
      reasonCounts(counts).map(({ end, reason, count: all }) => `${end} ${reason} ${all}`),
      ['read read 4', 'post unread 6', 'post unanswered 5', 'attention unknown 9'],
    );
    assert.deepEqual([endCounts([]), reasonCounts([])], [{ read: 0, post: 0, attention: 0 }, []]);
  });

  it('do not count as printing avoided what a person looks into', () => {
    assert.equal(printingAvoided({ read: 4, post: 12, attention: 9 }), 0.25);
    assert.equal(printingAvoided({ read: 0, post: 0, attention: 9 }), undefined);
  });

  it('are all or nothing in percent only where they are', () => {
    const percents = [0, 0.0001, 0.5, 2 / 3, 0.9999, 1].map(percentOf);
    assert.deepEqual(percents, [0, 1, 50, 67, 99, 100]);
  });

  it('are of all nodes together', () => {
    const states = { watched: 3, read: 1, post: 0, attention: 0, cancelled: 0 };
    assert.equal(inState([{ states }, { states }], 'watched'), 6);
    assert.equal(inState([], 'watched'), 0);
  });

  it('are of whole hours, the one that has begun included', () => {
    const now = 1_000 * HOUR_MS + 1;
    for (const days of LETTER_DAYS) {
      const { since, hours } = hoursUntil(now, days);
      assert.deepEqual([hours, since + hours * HOUR_MS], [days * 24, 1_001 * HOUR_MS]);
    }
  });
});
