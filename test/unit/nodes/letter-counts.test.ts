import assert from 'node:assert/strict';
import sinon from 'sinon';
import { letterEnds, watcherCounts } from '../../../nodes/pkb-operator/letter-counts.js';
import type { Outbox } from '../../../src/delivery/outbox/contract.js';
import { hoursUntil } from '../../../src/operator/letter-report.js';

const HOUR_MS = 3_600_000;

describe('the counts of letters', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(
    () =>
      (clock = sinon.useFakeTimers({
        now: 1_000 * HOUR_MS - 50,
        toFake: ['performance', 'Date', 'setTimeout'],
      })),
  );
  afterEach(() => clock.restore());

  /** An outbox that takes a while to count. */
  const outboxOf = (takes: number, hour = 0) => {
    const ended = sinon.stub().callsFake(async () => {
      clock.tick(takes);
      return [{ hour }];
    });
    const allCounts = sinon.stub().callsFake(async () => {
      clock.tick(takes);
      return [];
    });
    return { outbox: { letters: { ended, allCounts } } as unknown as Outbox, ended, allCounts };
  };

  it('are made once for all that ask meanwhile, and take a hundredth of the time at most', async () => {
    const { outbox, allCounts } = outboxOf(200);
    await Promise.all([watcherCounts(outbox), watcherCounts(outbox)]);
    clock.tick(19_000);
    await watcherCounts(outbox);
    assert.equal(allCounts.callCount, 1);
    clock.tick(2000);
    await watcherCounts(outbox);
    assert.equal(allCounts.callCount, 2);
  });

  it('of a day, of a week and of a month are made apart, each from the hour when it begins', async () => {
    const { outbox, ended } = outboxOf(1);
    for (const days of [1, 7, 30, 1, 7] as const) await letterEnds(outbox, days);
    const begins = ([1, 7, 30] as const).map((days) => hoursUntil(Date.now() - 60, days).since);
    assert.deepEqual(
      ended.args.map(([since]) => since as number),
      begins,
    );
  });

  it('have no hour that is past by now', async () => {
    const { since } = hoursUntil(Date.now(), 1);
    const { outbox, ended } = outboxOf(1, since);
    assert.equal((await letterEnds(outbox, 1)).length, 1);
    clock.tick(100);
    assert.equal((await letterEnds(outbox, 1)).length, 0);
    assert.equal(ended.callCount, 1);
  });
});
