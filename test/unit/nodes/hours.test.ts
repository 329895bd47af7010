import assert from 'node:assert/strict';
import sinon from 'sinon';
import { endedSince } from '../../../nodes/pkb-operator/hours.js';
import type { Outbox } from '../../../src/delivery/outbox/contract.js';

const count = (hour: number) =>
  ({ hour, connection: 'c', facility: 'f', state: 'accepted', count: 1 }) as const;

describe('the counts of hours', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => (clock = sinon.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout'] })));
  afterEach(() => clock.restore());

  /** An outbox that takes a while to count. */
  const outboxOf = (takes: number, ended = sinon.stub()) => {
    ended.callsFake(async () => {
      clock.tick(takes);
      return [count(1), count(2)];
    });
    return { outbox: { ended } as unknown as Outbox, ended };
  };

  it('are made once for all that ask meanwhile, and anew after half a minute', async () => {
    const { outbox, ended } = outboxOf(5);
    const both = await Promise.all([endedSince(outbox, 1), endedSince(outbox, 1)]);
    assert.deepEqual(both, [
      [count(1), count(2)],
      [count(1), count(2)],
    ]);
    clock.tick(29_000);
    assert.deepEqual(await endedSince(outbox, 2), [count(2)]);
    assert.equal(ended.callCount, 1);
    clock.tick(2000);
    await endedSince(outbox, 1);
    assert.equal(ended.callCount, 2);
  });

  it('take a hundredth of the time at most', async () => {
    const { outbox, ended } = outboxOf(2000);
    await endedSince(outbox, 1);
    clock.tick(199_000);
    await endedSince(outbox, 1);
    assert.equal(ended.callCount, 1);
    clock.tick(2000);
    await endedSince(outbox, 1);
    assert.equal(ended.callCount, 2);
  });

  it('are made anew at once where the store failed', async () => {
    const ended = sinon.stub();
    ended.onFirstCall().rejects(new Error('away'));
    ended.onSecondCall().resolves([count(1)]);
    const outbox = { ended } as unknown as Outbox;
    await assert.rejects(endedSince(outbox, 1), /away/);
    assert.deepEqual(await endedSince(outbox, 1), [count(1)]);
  });
});
