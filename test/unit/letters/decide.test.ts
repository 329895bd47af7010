/** What becomes of a letter: all that PKB can say, before and after the deadline. */
import assert from 'node:assert/strict';
import { decide, END_REASONS, type Said, type WatchTerms } from '../../../src/letters/decide.js';

const DEADLINE = 1000;
const TERMS: WatchTerms & { since: number } = { graceMs: 100, ifUnknown: 'attention', since: 0 };

const SAID: readonly Said[] = [
  { state: 'read', at: 900 },
  { state: 'read', at: undefined },
  { state: 'unread' },
  { state: 'undetermined' },
  { state: 'unknown' },
  { state: 'unanswered' },
  { state: 'organisation' },
];

describe('a decision about a letter', () => {
  const at = (said: Said, now: number, terms = TERMS): string => {
    const decision = decide({ deadline: DEADLINE, at: 0 }, said, now, terms);
    return decision === undefined ? 'watched' : `${decision.end}: ${decision.reason}`;
  };

  it('is read whenever PKB says so, and keeps its time', () => {
    for (const now of [0, DEADLINE, DEADLINE + 1000])
      assert.equal(at({ state: 'read', at: 900 }, now), 'read: read');
    assert.equal(decide({ deadline: 1, at: 0 }, { state: 'read', at: 900 }, 2, TERMS)?.readAt, 900);
  });

  it('is none before the deadline, whatever else PKB says', () => {
    for (const said of SAID) if (said.state !== 'read') assert.equal(at(said, DEADLINE - 1), 'watched');
  });

  it('is an end at the deadline, unless PKB could not be asked', () => {
    const table: [Said['state'], string][] = [
      ['unread', 'post: unread'],
      ['undetermined', 'post: unclear'],
      ['organisation', 'post: organisation'],
      ['unknown', 'attention: unknown'],
      ['unanswered', 'watched'],
    ];
    for (const [state, end] of table) assert.equal(at({ state } as Said, DEADLINE), end);
    assert.equal(at({ state: 'unknown' }, DEADLINE, { ...TERMS, ifUnknown: 'post' }), 'post: unknown');
  });

  it('is to post what PKB could not be asked about, after the wait', () => {
    assert.equal(at({ state: 'unanswered' }, DEADLINE + 99), 'watched');
    assert.equal(at({ state: 'unanswered' }, DEADLINE + 100), 'post: unanswered');
    assert.equal(at({ state: 'unanswered' }, DEADLINE, { ...TERMS, graceMs: 0 }), 'post: unanswered');
  });

  it('waits as long after a deadline that was past when it could first ask, or when the letter came', () => {
    const since = { ...TERMS, since: DEADLINE + 1000 };
    assert.equal(at({ state: 'unanswered' }, DEADLINE + 1099, since), 'watched');
    assert.equal(at({ state: 'unanswered' }, DEADLINE + 1100, since), 'post: unanswered');
    const late = { deadline: DEADLINE, at: DEADLINE + 500 };
    assert.equal(decide(late, { state: 'unanswered' }, DEADLINE + 599, TERMS), undefined);
    assert.equal(decide(late, { state: 'unanswered' }, DEADLINE + 600, TERMS)?.end, 'post');
    assert.equal(at({ state: 'unread' }, DEADLINE, since), 'post: unread', 'an answer needs no wait');
  });

  it('never leaves a letter watched for good', () => {
    for (const said of SAID) assert.notEqual(at(said, DEADLINE + 100), 'watched');
  });

  it('says why in a sentence', () => {
    for (const text of Object.values(END_REASONS)) assert.match(text, /^[A-Z].*\.$/);
  });
});
