import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Outcome } from '../../../src/delivery/outcome.js';
import { backoff, DEFAULT_POLICY, nextStep } from '../../../src/delivery/retry.js';

const NOW = 1_000_000_000;
const fresh = { unclear: 1, failures: 1, age: 0 };
const fault = (
  outcome: 'notSent' | 'unknown' | 'busy',
  scope: 'connection' | 'message',
  retryAfter?: number,
): Outcome => ({
  outcome,
  reason: '',
  scope,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe('what to do after an attempt', () => {
  it('settles every acknowledgement, and never repeats AR or AE', () => {
    for (const outcome of ['accepted', 'rejected', 'errored'] as const) {
      const step = nextStep(
        { outcome, code: '', controlId: '', text: '', ack: '' },
        fresh,
        DEFAULT_POLICY,
        NOW,
        0.5,
      );
      assert.deepEqual(step, { step: 'settle', state: outcome, expired: false, at: NOW });
    }
  });

  it('gives a refused message up at once, and pauses on a misconfiguration', () => {
    assert.deepEqual(
      nextStep({ outcome: 'refused', reason: '', scope: 'message' }, fresh, DEFAULT_POLICY, NOW, 0),
      {
        step: 'settle',
        state: 'undeliverable',
        expired: false,
        at: NOW,
      },
    );
    const misconfigured: Outcome = { outcome: 'misconfigured', reason: '', scope: 'connection' };
    assert.deepEqual(nextStep(misconfigured, fresh, DEFAULT_POLICY, NOW, 0), { step: 'pause' });
  });

  it('waits longer after every failure of the connection, up to the cap', () => {
    const waits = [1, 2, 3, 4, 5, 20, 1000].map((failures) => {
      const step = nextStep(fault('notSent', 'connection'), { ...fresh, failures }, DEFAULT_POLICY, NOW, 1);
      return step.step === 'retry' ? step.at - NOW : -1;
    });
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 300_000, 300_000]);
  });

  it('waits at least as long as Retry-After asks', () => {
    const step = nextStep(fault('busy', 'connection', 45_000), fresh, DEFAULT_POLICY, NOW, 0);
    assert.deepEqual(step, { step: 'retry', at: NOW + 45_000 });
  });

  it('does not let a server that asks for days give everything up, nor wait longer than an hour for it', () => {
    const step = nextStep(fault('busy', 'connection', 7 * 24 * 3_600_000), fresh, DEFAULT_POLICY, NOW, 0);
    assert.deepEqual(step, { step: 'retry', at: NOW + 3_600_000 });
  });

  it('gives up unreadable answers after a few attempts, but a faulty connection only with age', () => {
    const many = { ...fresh, unclear: DEFAULT_POLICY.unknownAttempts, failures: 99 };
    assert.equal(nextStep(fault('unknown', 'message'), many, DEFAULT_POLICY, NOW, 0).step, 'settle');
    assert.equal(nextStep(fault('unknown', 'connection'), many, DEFAULT_POLICY, NOW, 0).step, 'retry');
    const old = { ...many, age: DEFAULT_POLICY.maxAgeMs };
    assert.deepEqual(nextStep(fault('unknown', 'connection'), old, DEFAULT_POLICY, NOW, 0), {
      step: 'settle',
      state: 'undeliverable',
      expired: true,
      at: NOW + 150_000,
    });
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
