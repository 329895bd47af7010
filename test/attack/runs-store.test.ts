/** Runs in every store. */
import assert from 'node:assert/strict';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../src/delivery/outbox/messages.js';
import type { ItemPlace, RunItem } from '../../src/delivery/outbox/runs.js';
import { newMessage } from '../support/outbox-messages.js';
import { STORES } from '../unit/delivery/outbox/stores.js';

const NOW = Date.now() - 60_000;
const message = (controlId: string, more: Partial<NewMessage> = {}): NewMessage =>
  newMessage(controlId, { orderKey: controlId, storedAt: NOW, ...more });
const item = (reference: string, more: Partial<RunItem> = {}): RunItem => ({
  run: 'night',
  key: `key of ${reference}`,
  referenceKey: `reference ${reference}`,
  position: undefined,
  content: 'as it was',
  reference,
  ...more,
});
const place = (reference: string, state: ItemPlace['state'], more: Partial<ItemPlace> = {}): ItemPlace => ({
  ...item(reference, { content: '' }),
  state,
  code: state === 'waiting' ? '' : 'WHY',
  facility: '',
  messageType: '',
  at: NOW,
  ...more,
});

for (const [name, create] of Object.entries(STORES)) {
  describe(`attack: runs in ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
      await outbox.beginRun({ name: 'night', reporter: 'r', expected: 2, isExact: true, at: NOW });
    });
    afterEach(() => outbox.close());
    const accept = async (): Promise<void> => {
      for (const taken of await outbox.take('c', Date.now(), 100, [])) {
        const outcome = {
          outcome: 'accepted',
          code: 'AA',
          controlId: taken.controlId,
          text: '',
          ack: '',
        } as const;
        const settled = {
          message: { ...taken, attempts: 1 },
          state: 'accepted',
          outcome,
          expired: false,
        } as const;
        await outbox.settle(settled, { at: NOW + 5, outcome: 'accepted', reason: '', counts: false }, false);
      }
    };

    it('keeps the item of one Customer that could not be built when another has the same reference', async () => {
      const one = { key: 'reference a', referenceKey: 'reference a', facility: 'north' };
      await outbox.placeItems([place('a', 'unbuilt', one)]);
      await outbox.addItem(message('1', { facility: 'south' }), item('a', { key: 'south a' }));
      const { items, states } = (await outbox.run('night')) ?? assert.fail();
      assert.deepEqual([items, states.unbuilt, states.waiting], [2, 1, 1]);
    });

    it('keeps an exact expectation when a message with msg.parts alone follows', async () => {
      await outbox.beginRun({ name: 'night', reporter: 'r', expected: 3, isExact: false, at: NOW });
      assert.equal((await outbox.run('night'))?.expected, 2);
    });

    it('is not closed while an expected item never came, because another one was corrected', async () => {
      // Two rows; the guard stops the first, it is corrected at the source and comes again; the second never comes.
      await outbox.placeItems([place('a', 'stopped', { content: 'wrong', key: 'key of a', position: 0 })]);
      await outbox.addItem(message('1'), item('a', { content: 'corrected', position: 0 }));
      await accept();
      assert.equal(await outbox.closeRun('night', NOW), false);
    });

    it('is not closed while an expected item never came, because another one was updated', async () => {
      await outbox.addItem(message('1'), item('a', { content: 'first', position: 0 }));
      await accept();
      await outbox.addItem(message('2'), item('a', { content: 'second', position: 0 }));
      await accept();
      assert.equal(await outbox.closeRun('night', NOW), false);
    });

    it('counts no second arrival when Catch brings what could not be delivered to pkb-run', async () => {
      await outbox.addItem(message('1'), item('a'));
      await outbox.placeItems([place('a', 'unbuilt', { content: 'as it was' })]);
      assert.equal((await outbox.run('night'))?.repeats, 0);
    });

    it('gives the report of the second closing though that of the first is just being noted', async () => {
      await outbox.beginRun({ name: 'night', reporter: 'r', expected: 1, isExact: true, at: NOW });
      await outbox.addItem(message('1'), item('a'));
      await accept();
      assert.equal(await outbox.closeRun('night', NOW), true);
      assert.equal(await outbox.claimReport('night', NOW, NOW + 10_000), true);
      // Another process stores, and closes, before this one notes its report.
      await outbox.addItem(message('2'), item('b'));
      await accept();
      assert.equal(await outbox.closeRun('night', NOW + 20), true);
      await outbox.reported('night');
      assert.equal(await outbox.claimReport('night', NOW + 60, NOW + 10_060), true);
    });

    for (const text of ['🖋"\'=1+1', 'a\u0000b', 'x'.repeat(200)])
      it(`stores an item with the names ${JSON.stringify(text.slice(0, 10))}, and others beside it`, async () => {
        const results = await Promise.allSettled([
          outbox.addItem(message('1'), item('good')),
          outbox.addItem(message('2', { reference: text }), item(text, { run: text })),
          outbox.addItem(message('3'), item('good too')),
        ]);
        assert.deepEqual(
          results.map(({ status }) => status),
          ['fulfilled', 'fulfilled', 'fulfilled'],
        );
        assert.equal((await outbox.run(text))?.name, text);
        assert.equal((await outbox.items(text, 0, 10))[0]?.reference, text);
      });
  });
}
