import assert from 'node:assert/strict';
import sinon from 'sinon';
import { countsOf, latestCounts } from '../../../nodes/pkb-operator/run-counts.js';
import type { Outbox } from '../../../src/delivery/outbox/contract.js';

describe('the numbers of runs', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => (clock = sinon.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout'] })));
  afterEach(() => clock.restore());

  /** An outbox with runs, by name when each was closed, that takes a while to count one. */
  const outboxOf = (takes: number, closedAt: Record<string, number | undefined>) => {
    const run = sinon.stub().callsFake(async (name: string) => {
      clock.tick(takes);
      return name in closedAt ? { name, closedAt: closedAt[name] } : undefined;
    });
    const runs = async (most: number) =>
      Object.keys(closedAt)
        .slice(0, most)
        .map((name) => ({ name, closedAt: closedAt[name] }));
    return { outbox: { runs: { one: run, all: runs } } as unknown as Outbox, run };
  };

  it('of one run are counted once for all that ask meanwhile, a twentieth of the time at most', async () => {
    const { outbox, run } = outboxOf(100, { night: undefined });
    await Promise.all([countsOf(outbox, 'night'), countsOf(outbox, 'night')]);
    clock.tick(1900);
    await countsOf(outbox, 'night');
    assert.equal(run.callCount, 1);
    clock.tick(200);
    await countsOf(outbox, 'night');
    assert.equal(run.callCount, 2);
  });

  it('of closed runs in a list are counted seldom, but anew for who asks for one', async () => {
    const { outbox, run } = outboxOf(100, { a: 1, b: 2 });
    await latestCounts(outbox, 10);
    clock.tick(150_000);
    await latestCounts(outbox, 10);
    assert.equal(run.callCount, 2);
    await countsOf(outbox, 'a');
    assert.equal(run.callCount, 3);
    clock.tick(300_000);
    await latestCounts(outbox, 10);
    assert.equal(run.callCount, 5);
  });

  it('of a run that was closed or opened again since are counted anew', async () => {
    const closedAt: Record<string, number | undefined> = { a: undefined };
    const { outbox } = outboxOf(100, closedAt);
    await latestCounts(outbox, 10);
    for (const at of [5, undefined, 9]) {
      closedAt['a'] = at;
      const [counted] = await latestCounts(outbox, 10);
      assert.equal(counted?.closedAt, at);
    }
  });

  it('of no run are counted anew each time, and lists have as many as asked for', async () => {
    const { outbox, run } = outboxOf(100, { a: 1, b: 2, c: 3 });
    assert.equal(await countsOf(outbox, 'no such run'), undefined);
    assert.equal(await countsOf(outbox, 'no such run'), undefined);
    assert.equal(run.callCount, 2);
    assert.equal((await latestCounts(outbox, 2)).length, 2);
  });

  it('of many runs take no more room than those of two hundred', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`run ${n}`, 1]));
    const { outbox, run } = outboxOf(100, many);
    for (const name of Object.keys(many)) await countsOf(outbox, name);
    run.resetHistory();
    await countsOf(outbox, 'run 299');
    assert.equal(run.callCount, 0);
    await countsOf(outbox, 'run 0');
    assert.equal(run.callCount, 1);
  });
});
