/** Pages of a run's items: bounded work, and nothing left out or given twice. */
import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { ItemState, ReportedItem, Runs } from '../../../src/delivery/outbox/runs.js';
import { itemPage, ITEMS_READ, MOST_ITEMS } from '../../../src/operator/run-page.js';

/** A run whose items are in states by their number, from 1. */
const runOf = (size: number, stateOf: (n: number) => ItemState = () => 'accepted') => {
  const item = (n: number): ReportedItem => ({
    n,
    reference: String(n),
    facility: '',
    messageType: '',
    state: stateOf(n),
    code: '',
    controlId: '',
    dataPointId: '',
    message: n % 2 === 0 ? n : undefined,
    sameState: undefined,
    outcome: undefined,
    at: 0,
    settledAt: undefined,
    attempts: 0,
    arrivals: 1,
  });
  const items = sinon.spy(async (_name: string, after: number, most: number) =>
    Array.from({ length: Math.max(0, Math.min(most, size - after)) }, (_, i) => item(after + i + 1)),
  );
  return items satisfies Runs['items'];
};

const all = { after: 0, most: 100, state: undefined, withWords: false } as const;

describe('a page of a run', () => {
  it('has as many items as asked for, says where to go on, and ends exactly at the last', async () => {
    for (const size of [0, 1, 99, 100, 101, 250, 300]) {
      const items = runOf(size);
      const seen: number[] = [];
      let after: number | null = 0;
      let pages = 0;
      do {
        const page = await itemPage({ items }, 'night', { ...all, after });
        seen.push(...page.items.map(({ n }) => n));
        after = page.next;
        pages++;
      } while (after !== null);
      assert.deepEqual(
        seen,
        Array.from({ length: size }, (_, i) => i + 1),
      );
      assert.equal(pages, Math.max(1, Math.ceil(size / 100)), `${size}`);
    }
  });

  it('of one state has only those, in order, and nothing twice', async () => {
    const items = runOf(5000, (n) => (n % 7 === 0 ? 'rejected' : 'accepted'));
    const seen: number[] = [];
    let after: number | null = 0;
    do {
      const page = await itemPage({ items }, 'night', { ...all, after, most: 50, state: 'rejected' });
      assert.ok(page.items.length <= 50 && page.items.every(({ state }) => state === 'rejected'));
      seen.push(...page.items.map(({ n }) => n));
      after = page.next;
    } while (after !== null);
    assert.deepEqual(
      seen,
      Array.from({ length: 714 }, (_, i) => (i + 1) * 7),
    );
  });

  it('reads a bounded number of items where hardly any is in the state, and goes on from there', async () => {
    const items = runOf(25_000, (n) => (n === 24_999 ? 'rejected' : 'accepted'));
    const asked = { ...all, state: 'rejected' } as const;
    const first = await itemPage({ items }, 'night', asked);
    assert.deepEqual([first.items, first.next], [[], ITEMS_READ]);
    assert.equal(items.callCount, ITEMS_READ / MOST_ITEMS);
    assert.ok(items.args.every(([name, , size]) => name === 'night' && size === MOST_ITEMS));
    const second = await itemPage({ items }, 'night', { ...asked, after: first.next ?? 0 });
    const third = await itemPage({ items }, 'night', { ...asked, after: second.next ?? 0 });
    assert.deepEqual([third.items.map(({ n }) => n), third.next], [[24_999], null]);
  });

  it('of no item reads none', async () => {
    const items = runOf(5);
    assert.deepEqual(await itemPage({ items }, 'night', { ...all, most: 0 }), { items: [], next: null });
    assert.equal(items.callCount, 0);
  });

  it('names the message of an item, or null', async () => {
    const { items } = await itemPage({ items: runOf(2) }, 'night', all);
    assert.deepEqual(
      items.map(({ message }) => message),
      [null, 2],
    );
  });
});
