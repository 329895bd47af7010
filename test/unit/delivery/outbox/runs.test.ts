/** What every store does for runs. */
import assert from 'node:assert/strict';
import type { Outbox, SettledMessage } from '../../../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../../../src/delivery/outbox/messages.js';
import type { ItemPlace, ItemState, Placed, RunItem } from '../../../../src/delivery/outbox/runs.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { STORES } from './stores.js';

const NOW = Date.now() - 60_000;

const message = (controlId: string, more: Partial<NewMessage> = {}): NewMessage =>
  newMessage(controlId, { orderKey: controlId, storedAt: NOW, ...more });

const item = (reference: string, content = 'as it was', run = 'night'): RunItem => ({
  run,
  key: `key of ${reference}`,
  referenceKey: `reference ${reference}`,
  position: undefined,
  content,
  reference,
});

const place = (
  reference: string,
  state: ItemPlace['state'],
  { content = '', run = 'night' } = {},
): ItemPlace => ({
  ...item(reference, content, run),
  state,
  code: state === 'waiting' ? '' : 'WHY',
  facility: 'north{north}',
  messageType: '',
  at: NOW,
});

for (const [name, create] of Object.entries(STORES)) {
  describe(`runs in an outbox: ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
    });
    afterEach(() => outbox.close());

    const idOf = (placed: Placed): number => ('id' in placed ? placed.id : assert.fail('not stored'));

    const states = async (run = 'night'): Promise<Partial<Record<ItemState, number>>> => {
      const found = (await outbox.runs.one(run)) ?? assert.fail('no such run');
      const sum = Object.values(found.states).reduce((all, n) => all + n, 0);
      assert.equal(found.items, sum, 'an item is in one state');
      return Object.fromEntries(Object.entries(found.states).filter(([, n]) => n > 0));
    };

    /** Ends what is due, all in one way. */
    async function end(state: SettledMessage['state']): Promise<void> {
      for (const taken of await outbox.take('c', Date.now(), 100, [])) {
        const { controlId } = taken;
        const code = state === 'accepted' ? 'AA' : 'AR';
        const outcome =
          state === 'accepted'
            ? ({ outcome: 'accepted', code: 'AA', controlId, text: '', ack: '' } as const)
            : ({ outcome: 'rejected', code: 'AR', controlId, text: 'No such patient', ack: '' } as const);
        assert.equal(outcome.code, code);
        const settled = { message: { ...taken, attempts: 1 }, state, outcome, expired: false };
        const attempt = { at: NOW + 5, outcome: outcome.outcome, reason: '', counts: false };
        await outbox.settle(settled, attempt, false);
      }
    }

    it('gives each item one place, which is that of its message', async () => {
      await outbox.addItem(message('1'), item('a'));
      await end('accepted');
      await outbox.addItem(message('2'), item('b'));
      await end('rejected');
      await outbox.addItem(message('3'), item('c'));
      await outbox.runs.place([place('d', 'stopped', { content: 'x' }), place('e', 'unbuilt')]);
      assert.deepEqual(await states(), { accepted: 1, rejected: 1, waiting: 1, stopped: 1, unbuilt: 1 });
      const items = await outbox.runs.items('night', 0, 100);
      assert.deepEqual(
        items.map(({ reference, state, controlId, code }) => [reference, state, controlId, code]),
        [
          ['a', 'accepted', '1', ''],
          ['b', 'rejected', '2', ''],
          ['c', 'waiting', '3', ''],
          ['d', 'stopped', '', 'WHY'],
          ['e', 'unbuilt', '', 'WHY'],
        ],
      );
      assert.equal(items[3]?.facility, 'north{north}');
      assert.equal(items[0]?.facility, message('1').facility);
      const [first] = items;
      assert.ok(first);
      assert.deepEqual(
        (await outbox.runs.items('night', first.n, 2)).map(({ reference }) => reference),
        ['b', 'c'],
      );
      assert.deepEqual(await outbox.runs.items('morning', 0, 10), []);
    });

    it('does not store the same twice while it is pending, in flight or accepted', async () => {
      const id = idOf(await outbox.addItem(message('1'), item('a')));
      const same = { id, controlId: '1', state: 'queued', storedAt: NOW };
      assert.deepEqual(await outbox.addItem(message('2'), item('a')), { same });
      const [taken] = await outbox.take('c', Date.now(), 1, []);
      assert.equal(taken?.id, id);
      assert.deepEqual(await outbox.addItem(message('3'), item('a')), { same });
      await outbox.giveBack(id);
      await end('accepted');
      const again = await outbox.addItem(message('4'), item('a'));
      assert.deepEqual(again, { same: { ...same, state: 'accepted' } });
      assert.deepEqual(await states(), { accepted: 1 });
      const run = await outbox.runs.one('night');
      assert.deepEqual([run?.items, run?.repeats], [1, 3]);
    });

    it('does not store the same twice when it is handed in at once', async () => {
      const placed = await Promise.all(
        Array.from({ length: 20 }, (_, i) => outbox.addItem(message(String(i)), item(`of ${i % 4}`))),
      );
      assert.equal(placed.filter((one) => 'id' in one).length, 4);
      assert.equal((await outbox.counts('c')).queued, 4);
    });

    it('reports it as a duplicate in the run of another day', async () => {
      const id = idOf(await outbox.addItem(message('1'), item('a')));
      await end('accepted');
      await outbox.addItem(message('2'), item('a', 'as it was', 'next day'));
      assert.deepEqual(await states('next day'), { duplicate: 1 });
      const [one] = await outbox.runs.items('next day', 0, 10);
      assert.deepEqual(
        [one?.state, one?.controlId, one?.message, one?.sameState, one?.outcome],
        ['duplicate', '1', id, 'accepted', undefined],
      );
      assert.deepEqual(await states(), { accepted: 1 });
    });

    it('stores what has changed, and what has changed back', async () => {
      await outbox.addItem(message('1'), item('a', 'old'));
      assert.ok('id' in (await outbox.addItem(message('2'), item('a', 'new'))));
      assert.ok('id' in (await outbox.addItem(message('3'), item('a', 'old', 'later'))));
      assert.equal((await outbox.counts('c')).queued, 3);
      const run = await outbox.runs.one('night');
      assert.deepEqual([run?.items, run?.changed, run?.repeats], [2, 1, 0]);
    });

    it('counts the same at two places of a list as two items, and each of them once', async () => {
      const at = (reference: string, position: number): RunItem => ({ ...item(reference), position });
      const feed = async (): Promise<void> => {
        await outbox.runs.place([{ ...place('c', 'unbuilt'), position: 3 }]);
        for (const [i, reference] of ['a', 'a', 'b'].entries())
          await outbox.addItem(message(`${reference}${i}`), at(reference, i));
        await outbox.addItem(message('c4'), at('c', 4));
      };
      await feed();
      assert.equal((await outbox.runs.one('night'))?.changed, 0, 'the same twice has not changed');
      assert.deepEqual(await states(), { waiting: 3, duplicate: 1, unbuilt: 1 });
      await feed();
      assert.deepEqual(await states(), { waiting: 3, duplicate: 1, unbuilt: 1 });
      const run = await outbox.runs.one('night');
      assert.deepEqual([run?.items, run?.repeats], [5, 5]);
      await outbox.addItem(message('c3'), at('c', 3));
      assert.deepEqual(await states(), { waiting: 3, duplicate: 2 });
    });

    it('stores again what was not accepted, in its old place of the run', async () => {
      await outbox.addItem(message('1', { body: 'one' }), item('a'));
      await end('rejected');
      assert.ok('id' in (await outbox.addItem(message('2', { body: 'two' }), item('a'))));
      assert.deepEqual(await states(), { waiting: 1 });
      await end('accepted');
      assert.deepEqual(await states(), { accepted: 1 });
      const [one] = await outbox.runs.items('night', 0, 10);
      assert.deepEqual([one?.controlId, one?.arrivals, one?.attempts], ['2', 2, 1]);
    });

    it('refuses the very bytes that PKB has refused, and notes no item', async () => {
      await outbox.addItem(message('1', { body: 'one' }), item('a'));
      await end('rejected');
      await assert.rejects(outbox.addItem(message('2', { body: 'one' }), item('b')), {
        code: 'PKB_UNCHANGED',
      });
      assert.deepEqual(await states(), { rejected: 1 });
    });

    it('follows a message that a person sends once more', async () => {
      const id = idOf(await outbox.addItem(message('1', { body: 'one' }), item('a')));
      await end('rejected');
      const corrected = message('1', { body: 'two' });
      const replayed = await outbox.replay({ id, controlId: '1' }, corrected, {
        override: false,
        byPerson: true,
      });
      assert.equal(replayed, 'queued');
      assert.deepEqual(await states(), { waiting: 1 });
      await end('accepted');
      assert.deepEqual(await states(), { accepted: 1 });
    });

    it('counts an item from its announcement, and only once', async () => {
      await outbox.runs.place([place('a', 'waiting'), place('a', 'waiting'), place('b', 'waiting')]);
      assert.deepEqual(await states(), { waiting: 2 });
      await outbox.addItem(message('1'), item('a'));
      await outbox.runs.place([place('a', 'waiting'), place('b', 'stopped', { content: 'x' })]);
      assert.deepEqual(await states(), { waiting: 1, stopped: 1 });
      await outbox.addItem(message('2'), item('b', 'x'));
      await end('accepted');
      assert.deepEqual(await states(), { accepted: 2 });
    });

    it('does not take an item’s message away from it', async () => {
      await outbox.addItem(message('1'), item('a', 'x'));
      await outbox.runs.place([place('a', 'unbuilt', { content: 'x' })]);
      assert.deepEqual(await states(), { waiting: 1 });
    });

    it('is closed once, when all that is expected has come and nothing waits', async () => {
      const start = { name: 'night', reporter: 'r', isExact: false, at: NOW };
      await outbox.runs.begin({ ...start, expected: undefined });
      await outbox.addItem(message('1'), item('a'));
      await end('accepted');
      assert.equal(await outbox.runs.close('night', NOW), false, 'nothing was expected');
      await outbox.runs.begin({ ...start, expected: 2 });
      assert.equal(await outbox.runs.close('night', NOW), false, 'one is missing');
      await outbox.addItem(message('2'), item('b'));
      assert.equal(await outbox.runs.close('night', NOW), false, 'one is waiting');
      await end('rejected');
      assert.deepEqual(
        (await Promise.all([1, 2, 3].map(() => outbox.runs.close('night', NOW + 9)))).filter(Boolean),
        [true],
      );
      const run = await outbox.runs.one('night');
      assert.deepEqual([run?.closedAt, run?.expected, run?.startedAt], [NOW + 9, 2, NOW]);
      await outbox.addItem(message('3'), item('a'));
      assert.equal((await outbox.runs.one('night'))?.closedAt, NOW + 9, 'a repetition opens nothing');
      await outbox.addItem(message('4'), item('c'));
      assert.equal((await outbox.runs.one('night'))?.closedAt, undefined, 'what is stored opens it again');
    });

    it('expects what was said last, or the largest number', async () => {
      const expect = async (expected: number | undefined, isExact: boolean): Promise<number | undefined> => {
        await outbox.runs.begin({ name: 'night', reporter: 'r', expected, isExact, at: NOW });
        return (await outbox.runs.one('night'))?.expected;
      };
      assert.equal(await expect(5, false), 5);
      assert.equal(await expect(3, false), 5);
      assert.equal(await expect(undefined, false), 5);
      assert.equal(await expect(9, false), 9);
      assert.equal(await expect(7, true), 7);
    });

    it('gives the report of a closed run to one who asks, until it is noted', async () => {
      await outbox.runs.begin({ name: 'night', reporter: 'r', expected: 0, isExact: true, at: NOW });
      assert.equal(await outbox.runs.claim('night', NOW, NOW + 10), false, 'it is open');
      assert.equal(await outbox.runs.close('night', NOW), true);
      assert.equal(await outbox.runs.claim('night', NOW, NOW + 10), true);
      assert.equal(await outbox.runs.claim('night', NOW + 5, NOW + 15), false);
      assert.equal(await outbox.runs.claim('night', NOW + 10, NOW + 20), true, 'the first did not note it');
      assert.deepEqual(
        (await outbox.runs.all(10, 'r')).map((run) => run.name),
        ['night'],
      );
      await outbox.runs.reported('night', NOW);
      assert.equal(await outbox.runs.claim('night', NOW + 99, NOW + 100), false);
      assert.deepEqual(await outbox.runs.all(10, 'r'), []);
      assert.equal((await outbox.runs.one('night'))?.isReported, true);
    });

    describe('of which two items are expected', () => {
      beforeEach(() =>
        outbox.runs.begin({ name: 'night', reporter: 'r', expected: 2, isExact: true, at: NOW }),
      );

      it('keeps the item of one Customer that could not be built when another has the same reference', async () => {
        const one = { key: 'north a', facility: 'north' };
        await outbox.runs.place([{ ...place('a', 'unbuilt'), ...one }]);
        await outbox.addItem(message('1', { facility: 'south' }), { ...item('a'), key: 'south a' });
        const { items, states } = (await outbox.runs.one('night')) ?? assert.fail();
        assert.deepEqual([items, states.unbuilt, states.waiting], [2, 1, 1]);
      });

      it('keeps an exact expectation when a message with msg.parts alone follows', async () => {
        await outbox.runs.begin({ name: 'night', reporter: 'r', expected: 3, isExact: false, at: NOW });
        assert.equal((await outbox.runs.one('night'))?.expected, 2);
      });

      it('is not closed while an expected item never came, because another one was corrected', async () => {
        // Two rows; the guard stops the first, it is corrected at the source and comes again; the second never comes.
        await outbox.runs.place([{ ...place('a', 'stopped', { content: 'wrong' }), position: 0 }]);
        await outbox.addItem(message('1'), { ...item('a', 'corrected'), position: 0 });
        await end('accepted');
        assert.equal(await outbox.runs.close('night', NOW), false);
      });

      it('is not closed while an expected item never came, because another one was updated', async () => {
        await outbox.addItem(message('1'), { ...item('a', 'first'), position: 0 });
        await end('accepted');
        await outbox.addItem(message('2'), { ...item('a', 'second'), position: 0 });
        await end('accepted');
        assert.equal(await outbox.runs.close('night', NOW), false);
      });

      it('counts no second arrival when Catch brings what could not be delivered to pkb-run', async () => {
        await outbox.addItem(message('1'), item('a'));
        await outbox.runs.place([place('a', 'unbuilt', { content: 'as it was' })]);
        assert.equal((await outbox.runs.one('night'))?.repeats, 0);
      });

      it('gives the report of the second closing though that of the first is just being noted', async () => {
        await outbox.runs.begin({ name: 'night', reporter: 'r', expected: 1, isExact: true, at: NOW });
        await outbox.addItem(message('1'), item('a'));
        await end('accepted');
        assert.equal(await outbox.runs.close('night', NOW), true);
        assert.equal(await outbox.runs.claim('night', NOW, NOW + 10_000), true);
        // Another process stores, and closes, before this one notes its report.
        await outbox.addItem(message('2'), item('b'));
        await end('accepted');
        assert.equal(await outbox.runs.close('night', NOW + 20), true);
        await outbox.runs.reported('night', NOW);
        assert.equal(await outbox.runs.claim('night', NOW + 60, NOW + 10_060), true);
      });
    });

    it('lists runs, the last begun first', async () => {
      for (const [i, run] of ['one', 'two', 'three'].entries())
        await outbox.runs.place([{ ...place('a', 'waiting', { run }), at: NOW + i }]);
      assert.deepEqual(
        (await outbox.runs.all(2)).map((run) => run.name),
        ['three', 'two'],
      );
      assert.equal(await outbox.runs.one('four'), undefined);
    });
  });
}
