/** What every store tells operators of its messages. */
import assert from 'node:assert/strict';
import type { Outbox, SettledMessage } from '../../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage } from '../../../../src/delivery/outbox/messages.js';
import type { MessageFilter } from '../../../../src/delivery/outbox/ledger.js';
import { firstBroken } from '../../../../src/delivery/outbox/trail.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { STORES } from './stores.js';

const HOUR_MS = 3_600_000;
/** In the middle of an hour, and not so long ago that it would be erased. */
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS + 60_000;

const message = (controlId: string, more: Partial<NewMessage> = {}): NewMessage =>
  newMessage(controlId, {
    orderKey: controlId,
    facility: 'north{north}',
    holdOnRejection: true,
    storedAt: NOW,
    ...more,
  });

const attempt = (outcome: Attempt['outcome'], at = NOW + 5, reason = ''): Attempt => ({
  at,
  outcome,
  reason,
  counts: false,
});

for (const [name, create] of Object.entries(STORES)) {
  describe(`what an outbox tells operators: ${name}`, () => {
    let outbox: Outbox;
    const ids = new Map<string, number>();
    beforeEach(async () => {
      outbox = await create();
      ids.clear();
    });
    afterEach(() => outbox.close());

    const add = async (...all: NewMessage[]): Promise<void> => {
      for (const one of all) ids.set(one.controlId, await outbox.add(one));
    };
    const idOf = (controlId: string): number => ids.get(controlId) ?? -1;

    /** Takes what is due, ends some as told, and puts the others back. */
    async function end(
      states: Record<string, SettledMessage['state']>,
      at = NOW + 5,
      hold = false,
      now = NOW,
    ): Promise<void> {
      for (const one of await outbox.take('c', now, 100, [])) {
        const state = states[one.controlId];
        if (state === undefined) {
          await outbox.giveBack(one.id);
          continue;
        }
        const { controlId } = one;
        const code = state === 'accepted' ? 'AA' : 'AR';
        const outcome =
          state === 'undeliverable'
            ? ({ outcome: 'refused', refusal: 'request', reason: 'Too large.' } as const)
            : ({
                outcome: state === 'accepted' ? 'accepted' : 'rejected',
                code,
                controlId,
                text: 'So.',
                ack: 'MSA',
              } as const);
        const settled = { message: { ...one, attempts: one.attempts + 1 }, state, outcome, expired: false };
        await outbox.settle(settled, attempt(outcome.outcome, at), hold);
      }
    }

    const found = async (filter: MessageFilter, most = 50): Promise<string[]> => {
      const all: string[] = [];
      for (let before: number | undefined; ;) {
        const { messages, next } = await outbox.list(filter, before, most);
        all.push(...messages.map(({ controlId }) => controlId));
        if (next === undefined) return all;
        before = next;
      }
    };

    it('lists all, the latest first, a page at a time', async () => {
      await add(...['1', '2', '3', '4', '5'].map((id) => message(id)));
      assert.deepEqual(await found({}, 2), ['5', '4', '3', '2', '1']);
      const first = await outbox.list({}, undefined, 2);
      assert.deepEqual(
        first.messages.map(({ controlId }) => controlId),
        ['5', '4'],
      );
      assert.equal(first.searchedTo, NOW);
      assert.deepEqual(await found({ connection: 'none' }), []);
      assert.deepEqual(await outbox.list({ connection: 'none' }, undefined, 5), {
        messages: [],
        next: undefined,
        searchedTo: undefined,
      });
    });

    it('finds by everything that can be looked for', async () => {
      await add(
        message('1', { reference: 'letter 7', facility: 'south{south}', orderKey: 'x' }),
        message('2', {
          messageType: 'MDM^T02',
          dataPoint: { field: 'TXA-12.1', id: 'D-2', owner: 'partner' },
        }),
        message('3', { connection: 'd', storedAt: NOW + 1000 }),
        message('4'),
        message('5'),
      );
      await end({ '4': 'accepted', '5': 'rejected' });
      for (const [filter, wanted] of [
        [{ reference: 'letter 7' }, ['1']],
        [{ reference: 'letter 8' }, []],
        [{ controlId: '2' }, ['2']],
        [{ dataPointId: 'D-2', connection: 'c' }, ['2']],
        [{ dataPointId: 'D-2' }, ['2']],
        [{ facility: 'south{south}' }, ['1']],
        [{ messageType: 'MDM^T02' }, ['2']],
        [{ connection: 'd' }, ['3']],
        [{ orderKey: 'x' }, ['1']],
        [{ since: NOW + 1 }, ['3']],
        [{ until: NOW + 1, states: ['queued'] }, ['2', '1']],
        [{ states: ['accepted', 'rejected'] }, ['5', '4']],
        [{ states: ['rejected'], connection: 'c' }, ['5']],
        [{ states: ['undeliverable', 'errored', 'rejected'] }, ['5']],
        [{ states: ['queued'], facility: 'north{north}' }, ['3', '2']],
        [{ states: [] }, []],
        [{ controlId: '4', states: ['queued'] }, []],
      ] as const)
        assert.deepEqual(await found(filter), wanted, JSON.stringify(filter));
      const [listed] = (await outbox.list({ reference: 'letter 7' }, undefined, 1)).messages;
      assert.deepEqual(listed, {
        id: idOf('1'),
        connection: 'c',
        sender: 's',
        controlId: '1',
        messageType: 'ADT^A28',
        facility: 'south{south}',
        dataPointId: '',
        reference: 'letter 7',
        state: 'queued',
        isOnHold: false,
        storedAt: NOW,
        settledAt: undefined,
        attempts: 0,
        kept: true,
        dismissed: false,
      });
    });

    it('gives a reference back with its message', async () => {
      await add(message('1', { reference: 'letter 7' }));
      const [taken] = await outbox.take('c', NOW, 1, []);
      assert.equal(taken?.reference, 'letter 7');
    });

    it('tells the life of a message: pending, tried, ended, told', async () => {
      await add(message('1'));
      const before = await outbox.life(idOf('1'));
      assert.deepEqual(before?.history, []);
      assert.equal(before.message?.body, stamped('1'));
      assert.equal(before.due, undefined);
      const [taken] = await outbox.take('c', NOW, 1, []);
      await outbox.postpone(taken?.id ?? 0, NOW + 60_000, attempt('busy', NOW + 1, 'It was busy.'));
      const waiting = await outbox.life(idOf('1'));
      assert.equal(waiting?.due, NOW + 60_000);
      assert.deepEqual(waiting.history, [{ at: NOW + 1, outcome: 'busy', reason: 'It was busy.' }]);
      assert.equal(waiting.outcome, undefined);
      await end({ '1': 'rejected' }, NOW + 70_000, false, NOW + 60_000);
      await outbox.told(idOf('1'));
      const after = await outbox.life(idOf('1'));
      assert.ok(after?.outcome && 'text' in after.outcome);
      assert.deepEqual(
        [after.listed.state, after.listed.settledAt, after.listed.attempts, after.outcome.text],
        ['rejected', NOW + 70_000, 2, 'So.'],
      );
      assert.deepEqual(
        after.history.map(({ outcome }) => outcome),
        ['busy', 'rejected'],
      );
      assert.equal(await outbox.life(4711), undefined);
    });

    it('tells what is on hold, and behind what', async () => {
      await add(message('1', { orderKey: 'k' }), message('2', { orderKey: 'k' }), message('3'));
      await end({ '1': 'rejected' }, NOW + 5, true);
      const { messages } = await outbox.list({ states: ['queued'] }, undefined, 5);
      assert.deepEqual(
        messages.map(({ controlId, isOnHold }) => [controlId, isOnHold]),
        [
          ['3', false],
          ['2', true],
        ],
      );
      assert.equal((await outbox.life(idOf('2')))?.listed.isOnHold, true);
    });

    it('counts by the hour what ended, by connection, Customer and state', async () => {
      await add(...['1', '2', '3', '4'].map((id) => message(id)), message('5', { facility: 'south{south}' }));
      await end({ '1': 'accepted', '2': 'accepted', '3': 'rejected', '5': 'accepted' });
      await end({ '4': 'accepted' }, NOW + HOUR_MS);
      const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS;
      const at = (row: object) => ({ hour, connection: 'c', facility: 'north{north}', ...row });
      assert.deepEqual(await outbox.ended(hour), [
        at({ state: 'accepted', count: 2 }),
        at({ state: 'rejected', count: 1 }),
        at({ facility: 'south{south}', state: 'accepted', count: 1 }),
        at({ hour: hour + HOUR_MS, state: 'accepted', count: 1 }),
      ]);
      assert.deepEqual(await outbox.ended(hour + HOUR_MS), [
        at({ hour: hour + HOUR_MS, state: 'accepted', count: 1 }),
      ]);
    });

    it('knows since when the oldest is pending', async () => {
      assert.equal(await outbox.oldest('c'), undefined);
      await add(
        message('1'),
        message('2', { storedAt: NOW + 5 }),
        message('3', { connection: 'd', storedAt: 1 }),
      );
      assert.equal(await outbox.oldest('c'), NOW);
      await end({ '1': 'accepted' });
      assert.equal(await outbox.oldest('c'), NOW + 5);
    });

    it('discards one that is pending, tells its flow, and lets those behind it go on', async () => {
      await add(
        message('1', { orderKey: 'k' }),
        message('2', { orderKey: 'k' }),
        message('3', { orderKey: 'k' }),
      );
      const [first] = await outbox.take('c', NOW, 1, []);
      assert.equal(await outbox.withdraw(idOf('1'), 'By me.', NOW + 9), 'in flight');
      await outbox.postpone(first?.id ?? 0, NOW + 60_000, attempt('busy'));
      assert.equal(await outbox.withdraw(idOf('2'), 'By me.', NOW + 9), 'discarded');
      assert.deepEqual(await outbox.take('c', NOW, 1, []), []);
      assert.equal(await outbox.withdraw(idOf('1'), 'By me.', NOW + 9), 'discarded');
      assert.equal(await outbox.withdraw(idOf('1'), 'By me.', NOW + 9), 'gone');
      assert.equal(await outbox.withdraw(4711, 'By me.', NOW + 9), 'gone');
      assert.deepEqual(
        (await outbox.take('c', NOW, 1, [])).map(({ controlId }) => controlId),
        ['3'],
      );
      const untold = await outbox.untold('c', 's');
      assert.deepEqual(
        untold.map(({ message: { controlId }, state, outcome }) => [
          controlId,
          state,
          'reason' in outcome && outcome.reason,
        ]),
        [
          ['1', 'discarded', 'By me.'],
          ['2', 'discarded', 'By me.'],
        ],
      );
      assert.equal((await outbox.counts('c')).queued, 1);
    });

    it('discards one that is on hold, and keeps the hold of the others', async () => {
      await add(
        message('1', { orderKey: 'k' }),
        message('2', { orderKey: 'k' }),
        message('3', { orderKey: 'k' }),
      );
      await end({ '1': 'rejected' }, NOW + 5, true);
      assert.equal(await outbox.withdraw(idOf('2'), 'By me.', NOW + 9), 'discarded');
      assert.deepEqual(await outbox.take('c', NOW, 1, []), []);
      assert.deepEqual(await outbox.counts('c'), { queued: 1, held: 1 });
      assert.equal(await outbox.release('c'), 1);
      assert.deepEqual(
        (await outbox.take('c', NOW, 1, [])).map(({ controlId }) => controlId),
        ['3'],
      );
    });

    it('takes dismissed failures off the list, until they fail again', async () => {
      await add(message('1'), message('2'), message('3'));
      await end({ '1': 'rejected', '2': 'undeliverable', '3': 'accepted' });
      assert.equal(await outbox.dismiss([idOf('1'), idOf('3'), 4711]), 1);
      assert.equal(await outbox.dismiss([idOf('1')]), 0);
      const failed = async () => (await outbox.failed('c', 's', 9)).map(({ controlId }) => controlId);
      assert.deepEqual(await failed(), ['2']);
      assert.deepEqual(await found({ states: ['rejected'], withoutDismissed: true }), []);
      assert.deepEqual(await found({ states: ['rejected'] }), ['1']);
      const which = { id: idOf('1'), controlId: '1' };
      assert.equal(await outbox.replay(which, message('1'), { override: true, byPerson: true }), 'queued');
      await end({ '1': 'rejected' });
      assert.deepEqual((await failed()).toSorted(), ['1', '2']);
    });

    it('keeps a trail, in which whatever is changed, added or removed in between shows', async () => {
      const entry = (n: number) => ({
        at: NOW + n,
        user: 'ŁUser',
        event: 'pkb.shown',
        details: `{"message":${n}}`,
      });
      for (const n of [1, 2, 3, 4]) await outbox.record(entry(n));
      const records = await outbox.trail(0, 10);
      assert.deepEqual(
        records.map(({ hash: _hash, ...rest }) => rest),
        [1, 2, 3, 4].map((n) => ({ n, ...entry(n) })),
      );
      assert.equal(firstBroken(records, undefined, outbox.secret), undefined);
      const rest = await outbox.trail(2, 1);
      assert.deepEqual(rest, records.slice(2, 3));
      assert.equal(firstBroken(rest, records[1], outbox.secret), undefined);
      const [one, two, three, four] = records;
      assert.ok(one && two && three && four);
      for (const [broken, first] of [
        [[one, { ...two, user: 'other' }, three, four], 2],
        [[one, three, four], 2],
        [[one, two, { ...three, details: '{}' }, four], 3],
        [[two, one, three, four], 1],
        [[one, two, two, three, four], 3],
      ] as const)
        assert.equal(firstBroken(broken, undefined, outbox.secret), first);
    });

    it('keeps to a search that is bounded, and says how to go on', async function () {
      this.timeout(60_000);
      // Those of a kind search alike.
      if (name !== 'embedded' && name !== 'postgres') return;
      const all = Array.from({ length: 21_000 }, (_, n) =>
        message(`m-${n}`, n === 3 ? { messageType: 'MDM^T02' } : {}),
      );
      await Promise.all(all.map((one) => outbox.add(one)));
      const first = await outbox.list({ messageType: 'MDM^T02' }, undefined, 5);
      assert.deepEqual([first.messages.length, first.searchedTo], [0, NOW]);
      assert.ok(first.next);
      const second = await outbox.list({ messageType: 'MDM^T02' }, first.next, 5);
      assert.deepEqual(
        [second.messages.map(({ controlId }) => controlId), second.next],
        [['m-3'], undefined],
      );
    });

    it('notes who has paused a connection, until it goes on', async () => {
      assert.equal(await outbox.pauseOf('c'), undefined);
      await outbox.setPause('c', { at: NOW, user: 'olga' });
      await outbox.setPause('c', { at: NOW + 1, user: 'omar' });
      assert.deepEqual(await outbox.pauseOf('c'), { at: NOW + 1, user: 'omar' });
      assert.equal(await outbox.pauseOf('d'), undefined);
      await outbox.setPause('c', undefined);
      assert.equal(await outbox.pauseOf('c'), undefined);
    });
  });
}
