import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Outcome } from '../../../src/delivery/outcome.js';
import { refusal } from '../../../src/delivery/classify.js';
import { type RefusalName, refusalRow, REFUSALS } from '../../../src/delivery/refusal.js';
import { backoff, DEFAULT_POLICY, type Facts, type NextStep, nextStep } from '../../../src/delivery/retry.js';

const NOW = 1_000_000_000;
const first: Facts = { counts: false, refusals: 0, failures: 1, unreadable: 0, age: 0, asks: false };
const refused = (name: RefusalName, retryAfter?: number): Outcome => ({
  ...refusal(name, ''),
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
const next = (name: RefusalName, facts: Partial<Facts> = {}): NextStep =>
  nextStep(refused(name), { ...first, ...facts }, DEFAULT_POLICY, NOW, 1);

describe('what to do after an attempt', () => {
  it('settles every acknowledgement, and never repeats AR or AE', () => {
    for (const outcome of ['accepted', 'rejected', 'errored'] as const) {
      const step = nextStep(
        { outcome, code: '', controlId: '', text: '', ack: '' },
        first,
        DEFAULT_POLICY,
        NOW,
        0.5,
      );
      assert.deepEqual(step, { step: 'settle', state: outcome, expired: false, at: NOW });
    }
  });

  const names = Object.keys(REFUSALS) as RefusalName[];

  it('ends no message while nothing says that the connection works, however often it was refused', () => {
    for (const name of names) {
      const step = next(name, { refusals: 99, failures: 99 });
      assert.notEqual(step.step, 'settle', name);
    }
  });

  it('ends a message that is refused again and again while the connection works, by the table', () => {
    for (const name of names) {
      const step = next(name, { counts: true, refusals: DEFAULT_POLICY.refusedAttempts });
      const { ends } = refusalRow(name);
      assert.equal(
        step.step === 'settle' ? step.state : step.step,
        ends === false ? step.step : 'undeliverable',
        name,
      );
      assert.equal(step.step === 'settle', ends !== false, name);
      const first = next(name, { counts: true, refusals: 1 });
      assert.equal(first.step === 'settle', ends === 'at once', name);
    }
  });

  it('lets a message wait alone while the connection works, and the connection wait otherwise', () => {
    assert.deepEqual(next('fault', { counts: true, refusals: 2 }), {
      step: 'retry',
      whose: 'message',
      at: NOW + 1000,
    });
    assert.deepEqual(next('fault', { failures: 3 }), { step: 'retry', whose: 'connection', at: NOW + 2000 });
  });

  it('pauses the connection, or a Customer, where a person must act', () => {
    assert.deepEqual(next('sender'), { step: 'pause', whose: 'connection' });
    assert.deepEqual(next('customer'), { step: 'pause', whose: 'customer' });
  });

  it('lets a person decide where told to, and PKB may have the message', () => {
    for (const name of ['unanswered', 'unreadable', 'foreign'] as const)
      assert.equal(next(name, { asks: true }).step, 'settle', name);
    for (const name of ['unreached', 'busy', 'fault', 'request'] as const)
      assert.equal(next(name, { asks: true }).step, 'retry', name);
  });

  it('pauses after five answers in a row that could not be read, instead of sending on', () => {
    assert.equal(next('unreadable', { unreadable: 4 }).step, 'retry');
    assert.deepEqual(next('unreadable', { unreadable: 5 }), { step: 'pause', whose: 'connection' });
    assert.equal(next('foreign', { unreadable: 5 }).step, 'retry');
  });

  it('waits longer after every failure of the connection, up to the cap', () => {
    const waits = [1, 2, 3, 4, 5, 20, 1000].map((failures) => {
      const step = next('unreached', { failures });
      return step.step === 'retry' ? step.at - NOW : -1;
    });
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 300_000, 300_000]);
  });

  it('waits at least as long as Retry-After asks', () => {
    const step = nextStep(refused('busy', 45_000), first, DEFAULT_POLICY, NOW, 0);
    assert.deepEqual(step, { step: 'retry', whose: 'connection', at: NOW + 45_000 });
  });

  it('does not let a server that asks for days give everything up, nor wait longer than an hour for it', () => {
    const step = nextStep(refused('busy', 7 * 24 * 3_600_000), first, DEFAULT_POLICY, NOW, 0);
    assert.deepEqual(step, { step: 'retry', whose: 'connection', at: NOW + 3_600_000 });
  });

  it('gives up with age whatever waits, but nothing that is paused', () => {
    for (const name of names) {
      const step = next(name, { age: DEFAULT_POLICY.maxAgeMs });
      if (refusalRow(name).does === 'wait')
        assert.deepEqual(
          step,
          { step: 'settle', state: 'undeliverable', expired: true, at: NOW + 500 },
          name,
        );
      else assert.equal(step.step, 'pause', name);
    }
  });

  it('keeps every wait between half of the full one and the cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tries, random) => {
          const wait = backoff(tries, DEFAULT_POLICY, random);
          assert.ok(wait >= DEFAULT_POLICY.baseMs / 2 && wait <= DEFAULT_POLICY.capMs);
        },
      ),
    );
  });
});
