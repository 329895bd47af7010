import assert from 'node:assert/strict';
import { type Seen, Watch } from '../../../nodes/pkb-events/watch.js';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;

const seen = (more: Partial<Seen> = {}): Seen => ({
  id: 'c',
  name: 'letters',
  environment: 'sandbox',
  state: 'open',
  reason: '',
  inFlight: 0,
  pending: 0,
  onHold: 0,
  elsewhere: [],
  hasFailures: false,
  ...more,
});

describe('what pkb-events tells', () => {
  const told = (watch: Watch, now: number, ...all: Seen[]): string[] =>
    watch.look(all, 10, now).map(({ event, state, connection }) => `${connection} ${event} ${state}`);

  it('is nothing where nothing is wrong', () => {
    const watch = new Watch();
    assert.deepEqual(told(watch, NOW, seen({ pending: 5, oldest: NOW - MINUTE })), []);
    assert.equal(watch.count, 0);
  });

  for (const [event, wrong] of [
    ['waiting', { state: 'waiting', since: NOW - 10 * MINUTE, reason: 'Refused.' }],
    ['paused', { state: 'paused' }],
    ['failed', { state: 'failed' }],
    ['pending', { pending: 1, oldest: NOW - 10 * MINUTE }],
    ['onHold', { onHold: 2 }],
    ['notAccepted', { hasFailures: true }],
  ] as const) {
    it(`is ${event}: once when it begins, once when it ends, and again when it begins again`, () => {
      const watch = new Watch();
      assert.deepEqual(told(watch, NOW, seen(wrong)), [`c ${event} begun`]);
      assert.deepEqual(told(watch, NOW + MINUTE, seen(wrong)), []);
      assert.equal(watch.count, 1);
      assert.deepEqual(told(watch, NOW + 2 * MINUTE, seen()), [`c ${event} ended`]);
      assert.deepEqual(told(watch, NOW + 3 * MINUTE, seen()), []);
      assert.deepEqual(told(watch, NOW + 4 * MINUTE, seen(wrong)), [`c ${event} begun`]);
    });
  }

  it('counts waiting and pending only after the minutes', () => {
    const watch = new Watch();
    const short = seen({ state: 'waiting', since: NOW, pending: 1, oldest: NOW });
    assert.deepEqual(told(watch, NOW + 9 * MINUTE, short), []);
    assert.deepEqual(told(watch, NOW + 10 * MINUTE, short), ['c waiting begun', 'c pending begun']);
  });

  it('keeps connections apart', () => {
    const watch = new Watch();
    assert.deepEqual(told(watch, NOW, seen({ onHold: 1 }), seen({ id: 'd', state: 'paused' })), [
      'c onHold begun',
      'd paused begun',
    ]);
    assert.deepEqual(told(watch, NOW, seen(), seen({ id: 'd', state: 'paused' })), ['c onHold ended']);
  });

  it('is nothing over while an outbox is being opened, as after a deploy, or cannot be', () => {
    const watch = new Watch();
    const wrong = seen({ state: 'paused', onHold: 1, hasFailures: true, pending: 1, oldest: 0 });
    assert.equal(told(watch, NOW, wrong).length, 4);
    assert.deepEqual(told(watch, NOW, seen({ state: 'opening' })), []);
    assert.deepEqual(told(watch, NOW, seen({ state: 'failed' })), ['c failed begun']);
    assert.deepEqual(told(watch, NOW, wrong), ['c failed ended']);
  });

  it('is no end of waiting while what waited is still pending', () => {
    const watch = new Watch();
    const waits = seen({ state: 'waiting', since: 0, pending: 1, oldest: 0 });
    assert.deepEqual(told(watch, NOW, waits), ['c waiting begun', 'c pending begun']);
    assert.deepEqual(told(watch, NOW, seen({ pending: 1, oldest: 0 })), []);
    assert.deepEqual(told(watch, NOW, seen()), ['c waiting ended', 'c pending ended']);
  });

  it('is the end of everything of a connection that is gone', () => {
    const watch = new Watch();
    told(watch, NOW, seen({ state: 'paused', onHold: 1 }));
    assert.deepEqual(told(watch, NOW), ['c paused ended', 'c onHold ended']);
    assert.equal(watch.count, 0);
  });

  it('holds our own sentence and numbers', () => {
    const wrong = seen({ state: 'waiting', since: 5, reason: 'Refused.', pending: 3, oldest: 4, onHold: 0 });
    assert.deepEqual(new Watch().look([wrong], 1, NOW)[0], {
      event: 'waiting',
      state: 'begun',
      connection: 'c',
      name: 'letters',
      reason: 'Refused.',
      pending: 3,
      onHold: 0,
      oldest: 4,
      since: 5,
    });
  });
});
