/** Acting on all that fit a filter, on every store. */
import assert from 'node:assert/strict';
import type { Outbox } from '../../../src/delivery/outbox/contract.js';
import type { Ledger, ListedMessage, MessageList } from '../../../src/delivery/outbox/ledger.js';
import {
  actOn,
  type ActResult,
  countFitting,
  type Fitting,
  fittingFor,
  MOST_ACTED,
  sumOf,
} from '../../../src/operator/by-filter.js';
import { newMessage } from '../../support/outbox-messages.js';
import { STORES } from '../delivery/outbox/stores.js';

const fitting = (count: number): Fitting[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, controlId: `m${i + 1}`, sender: 's' }));

/** Not so long ago that it would be erased. */
const NOW = Date.now() - 60_000;

for (const [name, create] of Object.entries(STORES)) {
  describe(`all that fit a filter: ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
      for (let i = 1; i <= 6; i++)
        await outbox.add(
          newMessage(`m${i}`, { orderKey: `k${i}`, facility: i > 4 ? 'other' : 'north', storedAt: NOW + i }),
        );
      for (const message of await outbox.take('c', 10, 3, [])) {
        const answer = {
          outcome: 'rejected',
          code: 'AR',
          controlId: message.controlId,
          text: '',
          ack: '',
        } as const;
        const settled = { message, state: 'rejected', outcome: answer, expired: false } as const;
        await outbox.settle(settled, { at: NOW + 20, outcome: 'rejected', reason: '', counts: false }, false);
      }
    });
    afterEach(() => outbox.close());

    const counts = async (filter: object): Promise<number[]> => {
      const all = await Promise.all(
        ([undefined, 'again', 'dismiss', 'discard'] as const).map((act) => countFitting(outbox, filter, act)),
      );
      assert.ok(all.every(({ isExact }) => isExact));
      return all.map(({ count }) => count);
    };

    it('are counted, and for each act only those that it can be about', async () => {
      assert.deepEqual(await counts({}), [6, 3, 3, 3]);
      assert.deepEqual(await counts({ facility: 'north' }), [4, 3, 3, 1]);
      assert.deepEqual(await counts({ states: ['queued'] }), [3, 0, 0, 3]);
      assert.deepEqual(await counts({ states: ['rejected', 'queued'], until: NOW + 3 }), [2, 2, 2, 0]);
      assert.deepEqual(await counts({ connection: 'none' }), [0, 0, 0, 0]);
    });

    it('leave out what was dismissed', async () => {
      const [first] = (await fittingFor(outbox, {}, 'again', undefined)) ?? [];
      assert.equal(await outbox.dismiss([first?.id ?? 0]), 1);
      assert.deepEqual(await counts({}), [6, 2, 2, 3]);
    });

    it('are sent again from the oldest on, and discarded from the latest on, behind the last one of the part before', async () => {
      const ids = async (act: 'again' | 'discard', after?: number): Promise<string[]> =>
        ((await fittingFor(outbox, {}, act, after)) ?? []).map(({ controlId }) => controlId);
      assert.deepEqual(await ids('again'), ['m1', 'm2', 'm3']);
      assert.deepEqual(await ids('discard'), ['m6', 'm5', 'm4']);
      const [first] = (await fittingFor(outbox, {}, 'again', undefined)) ?? [];
      const [last] = (await fittingFor(outbox, {}, 'discard', undefined)) ?? [];
      assert.deepEqual(await ids('again', first?.id), ['m2', 'm3']);
      assert.deepEqual(await ids('discard', last?.id), ['m5', 'm4']);
    });
  });
}

describe('counting all that fit', () => {
  /** A ledger of messages without end. */
  const endless = (fits: (id: number) => boolean, most = Infinity): Ledger & { reads: number } => {
    const ledger = {
      reads: 0,
      async list(_filter: object, before = 0, page = 0): Promise<MessageList> {
        ledger.reads++;
        const ids = Array.from({ length: page }, (_, i) => before + i + 1).filter((id) => id <= most);
        const messages = ids
          .filter(fits)
          .map((id) => ({ id, controlId: '', sender: '', kept: true }) as ListedMessage);
        return { messages, next: before + page < most ? before + page : undefined, searchedTo: 0 };
      },
    };
    return ledger as unknown as Ledger & { reads: number };
  };

  it('ends after some reads, and says that there may be more', async () => {
    const ledger = endless(() => true);
    assert.deepEqual(await countFitting(ledger, {}, undefined), { count: 25_000, isExact: false });
    assert.equal(ledger.reads, 25);
    assert.deepEqual(
      await countFitting(
        endless(() => false),
        {},
        'again',
      ),
      { count: 0, isExact: false },
    );
  });

  it('finds no more than one act may be about', async () => {
    assert.equal(
      await fittingFor(
        endless(() => true),
        {},
        'again',
        undefined,
      ),
      undefined,
    );
    assert.equal(
      (
        await fittingFor(
          endless(() => true, MOST_ACTED),
          {},
          'again',
          undefined,
        )
      )?.length,
      MOST_ACTED,
    );
  });
});

describe('acting on all that fit', () => {
  const always = (): boolean => true;

  it('goes page by page, in order, and counts what became of each', async () => {
    const pages: number[][] = [];
    const results: ActResult[] = ['done', 'inFlight', 'gone', 'superseded', 'unclaimed'];
    const part = await actOn(
      fitting(5),
      2,
      async (some) => {
        pages.push(some.map(({ id }) => id));
        return some.map(({ id }) => results[id - 1] ?? 'gone');
      },
      always,
    );
    assert.deepEqual(pages, [[1, 2], [3, 4], [5]]);
    assert.deepEqual(part.numbers, { done: 1, inFlight: 1, gone: 1, superseded: 1, unclaimed: 1 });
    assert.deepEqual([part.left, part.next, part.fault], [0, undefined, undefined]);
  });

  it('ends where its time is up, and says behind which to go on; one page is always done', async () => {
    const part = await actOn(
      fitting(5),
      2,
      async (some) => some.map(() => 'done'),
      () => false,
    );
    assert.deepEqual([part.numbers.done, part.left, part.next], [2, 3, 2]);
  });

  it('stops at the first fault of the store, and counts what was done of that page', async () => {
    const fault = new Error('away');
    let calls = 0;
    const part = await actOn(
      fitting(6),
      2,
      async (some) => {
        calls++;
        return some.map(({ id }) => (id === 4 ? { fault } : 'done'));
      },
      always,
    );
    assert.deepEqual(
      [part.numbers.done, part.left, part.next, part.fault, calls],
      [3, 3, undefined, fault, 2],
    );
  });

  it('stops where the whole page fails', async () => {
    const part = await actOn(
      fitting(3),
      1,
      ([one]) => (one?.id === 2 ? Promise.reject(new Error('x')) : Promise.resolve(['done'])),
      always,
    );
    assert.deepEqual([sumOf(part.numbers), part.left, (part.fault as Error).message], [1, 2, 'x']);
  });
});
