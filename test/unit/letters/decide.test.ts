/** What becomes of a letter: all that PKB can say, before and after the deadline. */
import assert from 'node:assert/strict';
import { decide, END_REASONS, type Said, type WatchTerms } from '../../../src/letters/decide.js';

const DEADLINE = 1000;
const TERMS: WatchTerms = { graceMs: 100, ifUnknown: 'attention' };

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
    const decision = decide({ deadline: DEADLINE }, said, now, terms);
    return decision === undefined ? 'watched' : `${decision.end}: ${decision.reason}`;
  };

  it('is read whenever PKB says so, and keeps its time', () => {
    for (const now of [0, DEADLINE, DEADLINE + 1000])
      assert.equal(at({ state: 'read', at: 900 }, now), 'read: read');
    assert.equal(decide({ deadline: 1 }, { state: 'read', at: 900 }, 2, TERMS)?.readAt, 900);
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

  it('never leaves a letter watched for good', () => {
    for (const said of SAID) assert.notEqual(at(said, DEADLINE + 100), 'watched');
  });

  it('says why in a sentence', () => {
    for (const text of Object.values(END_REASONS)) assert.match(text, /^[A-Z].*\.$/);
  });
});
