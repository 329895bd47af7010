import assert from 'node:assert/strict';
import type { Outbox, SettledMessage } from '../../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../../../../src/delivery/outbox/messages.js';
import { MemoryOutbox } from '../../../../src/delivery/outbox/memory.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { STORES } from './stores.js';

const PERSON = { override: false, byPerson: true } as const;
const INSIST = { override: true, byPerson: true } as const;

const NOW = 1_000_000;
const ATTEMPT: Attempt = { at: NOW, outcome: 'accepted', reason: '', counts: false };

function message(controlId: string, orderKey = 'one', more: Partial<NewMessage> = {}): NewMessage {
  return newMessage(controlId, {
    address: 'simulator',
    orderKey,
    messageType: 'MDM^T02',
    dataPoint: { field: 'TXA-12.1', id: `D-${controlId}`, owner: 'partner' },
    body: stamped(controlId, { more: 'NTE|1||Łódź 😀\r' }),
    carried: '{"topic":"x"}',
    storedAt: NOW,
    ...more,
  });
}

const settledAs = (
  taken: StoredMessage | undefined,
  state: SettledMessage['state'] = 'accepted',
): SettledMessage => {
  assert.ok(taken);
  const ack = {
    outcome: 'accepted',
    code: 'AA',
    controlId: taken.controlId,
    text: '',
    ack: 'MSH|…',
  } as const;
  return { message: { ...taken, attempts: taken.attempts + 1 }, state, outcome: ack, expired: false };
};

for (const [name, create] of Object.entries(STORES)) {
  describe(`an outbox: ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
    });
    afterEach(() => outbox.close());
    const take = async (now = NOW): Promise<StoredMessage | undefined> =>
      (await outbox.take('c', now, 1, []))[0];
    const accept = async (taken: StoredMessage | undefined): Promise<void> =>
      outbox.settle(settledAs(taken), ATTEMPT, false);

    it('gives back exactly what it was given', async () => {
      const id = await outbox.add(message('1'));
      assert.deepEqual(await take(), { ...message('1'), id, attempts: 0, refusals: 0 });
    });

    it('keeps an undefined data point undefined', async () => {
      await outbox.add(message('1', 'one', { dataPoint: undefined }));
      assert.equal((await take())?.dataPoint, undefined);
    });

    it('gives the messages of a key in order, and none while one is in flight', async () => {
      for (const id of ['1', '2', '3']) await outbox.add(message(id));
      const first = await take();
      assert.equal(await take(), undefined);
      await accept(first);
      const second = await take();
      assert.deepEqual([first?.controlId, second?.controlId], ['1', '2']);
      await accept(second);
      await accept(await take());
      assert.equal(await take(), undefined);
    });

    it('gives keys turns', async () => {
      for (const id of ['a1', 'a2', 'a3']) await outbox.add(message(id, 'a'));
      await outbox.add(message('b1', 'b'));
      const order: string[] = [];
      for (let n = 0; n < 4; n++) {
        const taken = await take();
        order.push(taken?.controlId ?? '');
        await accept(taken);
      }
      assert.deepEqual(order, ['a1', 'b1', 'a2', 'a3']);
    });

    it('keeps connections apart', async () => {
      await outbox.add(message('1', 'one', { connection: 'other' }));
      assert.equal(await take(), undefined);
      assert.equal((await outbox.take('other', NOW, 1, []))[0]?.controlId, '1');
    });

    it('holds a postponed message, and all behind it, until its time; others go past', async () => {
      for (const [id, key] of [
        ['1', 'one'],
        ['2', 'one'],
        ['3', 'two'],
      ] as const)
        await outbox.add(message(id, key));
      const first = await take();
      await outbox.postpone(first?.id ?? 0, NOW + 100, {
        ...ATTEMPT,
        outcome: 'unknown',
        reason: 'why',
        counts: true,
      });
      assert.equal((await take())?.controlId, '3');
      assert.equal(await take(NOW + 99), undefined);
      assert.equal(await outbox.nextDue('c', []), NOW + 100);
      const again = await take(NOW + 100);
      assert.deepEqual([again?.controlId, again?.attempts, again?.refusals], ['1', 1, 1]);
    });

    it('gives as many as are asked for, one of a key, and none of some Customers', async () => {
      const other = { facility: 'other{other}' };
      await outbox.add(message('a1', 'a'));
      await outbox.add(message('a2', 'a'));
      await outbox.add(message('b', 'b', other));
      await outbox.add(message('c', 'c'));
      const some = await outbox.take('c', NOW, 9, ['trustalias{trustalias}']);
      assert.deepEqual(
        some.map(({ controlId }) => controlId),
        ['b'],
      );
      assert.equal(await outbox.nextDue('c', ['trustalias{trustalias}']), undefined);
      assert.ok(((await outbox.nextDue('c', ['other{other}'])) ?? Number.NaN) <= NOW);
      const rest = await outbox.take('c', NOW, 9, []);
      assert.deepEqual(
        rest.map(({ controlId }) => controlId),
        ['a1', 'c'],
      );
    });

    describe('messages for another address', () => {
      const elsewhere = { address: 'sandbox https://sandbox.example:7443' };
      beforeEach(async () => {
        await outbox.add(message('1', 'one', elsewhere));
        await outbox.add(message('2', 'two', elsewhere));
        await outbox.add(message('3', 'two'));
      });

      it('are counted by address', async () => {
        assert.deepEqual(await outbox.elsewhere('c', 'simulator'), [{ ...elsewhere, count: 2 }]);
        assert.deepEqual(await outbox.elsewhere('c', elsewhere.address), [
          { address: 'simulator', count: 1 },
        ]);
        assert.deepEqual(await outbox.elsewhere('other', 'simulator'), []);
      });

      it('are sent to this one by a person’s word, in their order', async () => {
        assert.equal(await outbox.readdress('c', 'simulator'), 2);
        assert.deepEqual(await outbox.elsewhere('c', 'simulator'), []);
        const taken = await outbox.take('c', NOW, 9, []);
        assert.deepEqual(
          taken.map(({ controlId, address }) => [controlId, address]),
          [
            ['1', 'simulator'],
            ['2', 'simulator'],
          ],
        );
      });

      it('are discarded by a person’s word; their sender has yet to be told, and the others go on', async () => {
        assert.equal(await outbox.discard('c', 'simulator', 'why', NOW), 2);
        assert.deepEqual(
          (await outbox.untold('c', 's')).map(({ state, outcome, message: { controlId } }) => [
            controlId,
            state,
            outcome,
          ]),
          [
            ['1', 'discarded', { outcome: 'discarded', reason: 'why' }],
            ['2', 'discarded', { outcome: 'discarded', reason: 'why' }],
          ],
        );
        assert.deepEqual(await outbox.counts('c'), { queued: 1, held: 0 });
        assert.equal((await take())?.controlId, '3');
        assert.deepEqual(await outbox.failed('c', 's', 9), []);
      });
    });

    it('gives a message that was given back at once, as it was', async () => {
      await outbox.add(message('1'));
      const taken = await take();
      await outbox.giveBack(taken?.id ?? 0);
      assert.deepEqual(await take(), taken);
    });

    it('holds what is behind a held message, also what comes later, until it is released', async () => {
      await outbox.add(message('1'));
      await outbox.add(message('2'));
      await outbox.settle(settledAs(await take(), 'rejected'), ATTEMPT, true);
      await outbox.add(message('3'));
      assert.equal(await take(), undefined);
      assert.equal(await outbox.nextDue('c', []), undefined);
      assert.deepEqual(await outbox.counts('c'), { queued: 2, held: 2 });
      assert.equal(await outbox.release('c', 'two'), 0);
      assert.equal(await outbox.release('c'), 1);
      assert.equal(await outbox.release('c', 'one'), 0);
      const second = await take();
      await accept(second);
      assert.deepEqual([second?.controlId, (await take())?.controlId], ['2', '3']);
    });

    it('holds a key of which nothing waited when it was held', async () => {
      await outbox.add(message('1'));
      await outbox.settle(settledAs(await take(), 'rejected'), ATTEMPT, true);
      await outbox.add(message('2'));
      assert.equal(await take(), undefined);
      await outbox.release('c', 'one');
      assert.equal((await take())?.controlId, '2');
    });

    it('remembers what a sender has not been told, until it is told', async () => {
      await outbox.add(message('1'));
      const settled = settledAs(await take());
      await outbox.settle(settled, ATTEMPT, false);
      assert.deepEqual(await outbox.untold('c', 's'), [settled]);
      assert.deepEqual(await outbox.untold('c', 'other'), []);
      await outbox.told(settled.message.id);
      assert.deepEqual(await outbox.untold('c', 's'), []);
    });

    it('counts what waits', async () => {
      assert.deepEqual(await outbox.counts('c'), { queued: 0, held: 0 });
      for (const id of ['1', '2']) await outbox.add(message(id));
      const taken = await take();
      assert.deepEqual(await outbox.counts('c'), { queued: 2, held: 0 });
      assert.deepEqual(
        [await outbox.queued('c', 10), await outbox.queued('c', 1), await outbox.held('c')],
        [2, 1, 0],
      );
      await accept(taken);
      assert.deepEqual(await outbox.counts('c'), { queued: 1, held: 0 });
    });

    it('says that it is due at once where something can be taken', async () => {
      assert.equal(await outbox.nextDue('c', []), undefined);
      await outbox.add(message('1'));
      assert.ok(((await outbox.nextDue('c', [])) ?? Number.NaN) <= NOW);
      await take();
      assert.equal(await outbox.nextDue('c', []), undefined);
    });

    it('keeps order over a random life of thousands of messages', async () => {
      const seen = new Map<string, number>();
      const last = new Map<string, number>();
      const inFlight: StoredMessage[] = [];
      let stored = 0;
      let random = 42;
      const dice = (n: number): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) % n;
      let now = NOW;
      for (let step = 0; step < 6000; step++) {
        now++;
        const what = dice(5);
        if (what < 2 && stored < 2000) {
          const key = `k${dice(40)}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          await outbox.add(message(`${key}:${seen.get(key)}`, key));
          stored++;
        } else if (what === 2) {
          const taken = await take(now);
          if (taken) {
            assert.ok(
              !inFlight.some(({ orderKey }) => orderKey === taken.orderKey),
              'two of one key at once',
            );
            inFlight.push(taken);
          }
        } else if (inFlight.length > 0) {
          const [taken] = inFlight.splice(dice(inFlight.length), 1);
          assert.ok(taken);
          if (dice(4) === 0)
            await outbox.postpone(taken.id, now + dice(20), { ...ATTEMPT, outcome: 'unknown' });
          else if (dice(10) === 0) await outbox.giveBack(taken.id);
          else {
            const number = Number(taken.controlId.split(':')[1]);
            assert.equal(number, (last.get(taken.orderKey) ?? 0) + 1, 'out of order');
            last.set(taken.orderKey, number);
            await accept(taken);
          }
        }
      }
      for (const taken of inFlight.splice(0)) await outbox.giveBack(taken.id);
      for (let taken = await take(now + 1000); taken; taken = await take(now + 1000)) {
        last.set(taken.orderKey, Number(taken.controlId.split(':')[1]));
        await accept(taken);
      }
      assert.deepEqual([...last].toSorted(), [...seen].toSorted());
    });

    describe('sending once more', () => {
      const REJECTION = { ...ATTEMPT, outcome: 'rejected' } as const;
      const rejected = (taken: StoredMessage | undefined): SettledMessage => ({
        ...settledAs(taken, 'rejected'),
        outcome: {
          outcome: 'rejected',
          code: 'AR',
          controlId: taken?.controlId ?? '',
          text: 'why',
          ack: 'MSH|…',
        },
      });
      /** Stores a message and has it rejected. @returns its reference */
      const fail = async (
        controlId: string,
        more: Partial<NewMessage> = {},
        hold = false,
      ): Promise<{ id: number; controlId: string }> => {
        const id = await outbox.add(message(controlId, 'one', more));
        await outbox.settle(rejected(await take()), REJECTION, hold);
        await outbox.told(id);
        return { id, controlId };
      };
      const same = (id: string): Pick<NewMessage, 'dataPoint'> => ({
        dataPoint: { field: 'TXA-12.1', id, owner: 'partner' },
      });

      it('lists what failed, the latest first, with what PKB said and without texts', async () => {
        const first = await fail('1');
        const second = await fail('2');
        assert.deepEqual(await outbox.failed('c', 's', 10), [
          {
            ...second,
            messageType: 'MDM^T02',
            state: 'rejected',
            settledAt: NOW,
            attempts: 1,
            reason: 'AR: why',
            kept: true,
          },
          {
            ...first,
            messageType: 'MDM^T02',
            state: 'rejected',
            settledAt: NOW,
            attempts: 1,
            reason: 'AR: why',
            kept: true,
          },
        ]);
        assert.equal((await outbox.failed('c', 's', 1)).length, 1);
        assert.deepEqual(await outbox.failed('c', 'another', 10), []);
      });

      it('sends a message again as it was', async () => {
        const failed = await fail('1');
        const found = await outbox.findFailed('c', failed);
        assert.equal(found?.body, message('1').body);
        assert.equal(await outbox.replay(failed, { ...message('1'), storedAt: NOW + 5 }, PERSON), 'queued');
        const taken = await take(NOW + 5);
        assert.deepEqual(taken, {
          ...message('1'),
          storedAt: NOW + 5,
          id: failed.id,
          attempts: 0,
          refusals: 0,
        });
        await accept(taken);
        assert.deepEqual(await outbox.failed('c', 's', 10), []);
        assert.equal((await outbox.untold('c', 's')).length, 1);
      });

      it('sends a corrected one in its place, with all it says', async () => {
        const failed = await fail('1');
        const corrected = message('1b', 'two', {
          dataPoint: message('1').dataPoint,
          body: stamped('1b', { more: 'NTE|1||corrected\r' }),
          sender: 't',
        });
        assert.equal(await outbox.replay(failed, corrected, PERSON), 'queued');
        assert.deepEqual(await take(), { ...corrected, id: failed.id, attempts: 0, refusals: 0 });
      });

      it('does not know what has not failed, was accepted, or has another control ID', async () => {
        const failed = await fail('1');
        assert.equal(await outbox.replay({ ...failed, controlId: 'x' }, message('1'), INSIST), 'gone');
        assert.equal(await outbox.replay({ ...failed, id: failed.id + 1 }, message('1'), INSIST), 'gone');
        assert.equal(await outbox.findFailed('other', failed), undefined);
        assert.equal(await outbox.replay(failed, message('1'), PERSON), 'queued');
        assert.equal(await outbox.replay(failed, message('1'), PERSON), 'gone');
      });

      it('goes before the later ones that wait, and behind the one under way', async () => {
        const failed = await fail('1');
        await outbox.add(message('2'));
        await outbox.add(message('3'));
        const underWay = await take();
        assert.equal(underWay?.controlId, '2');
        assert.equal(await outbox.replay(failed, message('1'), PERSON), 'queued');
        assert.equal(await take(), undefined);
        await accept(underWay);
        for (const expected of ['1', '3']) {
          const next = await take();
          assert.equal(next?.controlId, expected);
          await accept(next);
        }
      });

      it('goes before a later one whose turn it would be', async () => {
        const failed = await fail('1');
        await outbox.add(message('2'));
        assert.equal(await outbox.replay(failed, message('1'), PERSON), 'queued');
        const first = await take();
        assert.equal(first?.controlId, '1');
        assert.equal(await take(), undefined);
        await accept(first);
        assert.equal((await take())?.controlId, '2');
      });

      it('keeps the order of several that are sent once more while a later one is tried', async () => {
        const first = await fail('1');
        const second = await fail('2');
        const third = await outbox.add(message('3'));
        await take();
        assert.equal(await outbox.replay(first, message('1'), PERSON), 'queued');
        await outbox.postpone(third, NOW, { ...ATTEMPT, outcome: 'busy', reason: 'why' });
        assert.equal(await outbox.replay(second, message('2'), PERSON), 'queued');
        for (const expected of ['1', '2', '3']) {
          const next = await take();
          assert.equal(next?.controlId, expected);
          await accept(next);
        }
      });

      it('ends the hold it caused, and no other', async () => {
        const earlier = await fail('0');
        const failed = await fail('1', {}, true);
        await outbox.add(message('2'));
        assert.equal(await outbox.replay(earlier, message('0'), PERSON), 'queued');
        assert.equal(await take(), undefined, 'the hold stands');
        assert.equal(await outbox.held('c'), 1);
        assert.equal(await outbox.replay(failed, message('1'), PERSON), 'queued');
        assert.equal(await outbox.held('c'), 0);
        for (const expected of ['0', '1', '2']) {
          const next = await take();
          assert.equal(next?.controlId, expected);
          await accept(next);
        }
      });

      it('is refused where a later one about the same data point was accepted, unless overridden', async () => {
        const failed = await fail('1', same('D'));
        await outbox.add(message('2', 'one', same('D')));
        await accept(await take());
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), PERSON), 'superseded');
        assert.equal(await take(), undefined);
        assert.equal((await outbox.failed('c', 's', 1)).length, 1, 'it is still there');
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), INSIST), 'queued');
        assert.equal((await take())?.controlId, '1');
      });

      it('is refused where a later one is under way; not where it waits to be sent again, behind this one', async () => {
        const failed = await fail('1', same('D'));
        await outbox.add(message('2', 'one', same('D')));
        const underWay = await take();
        const again = message('1', 'one', same('D'));
        assert.equal(await outbox.replay(failed, again, PERSON), 'superseded');
        await outbox.postpone(underWay?.id ?? 0, NOW, { ...ATTEMPT, outcome: 'unknown' });
        assert.equal(await outbox.replay(failed, again, PERSON), 'queued');
        for (const expected of ['1', '2']) {
          const next = await take();
          assert.equal(next?.controlId, expected);
          await accept(next);
        }
      });

      it('is refused where a later one ended otherwise, but PKB may have had it before', async () => {
        const failed = await fail('1', same('D'));
        const id = await outbox.add(message('2', 'one', same('D')));
        await take();
        await outbox.postpone(id, NOW, { ...ATTEMPT, outcome: 'unknown' });
        await outbox.settle(rejected(await take()), REJECTION, false);
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), PERSON), 'superseded');
      });

      it('knows which messages about one ID undo one another: a deletion a document, but no discharge an admission', async () => {
        const about = (messageType: string): Partial<NewMessage> => ({ ...same('D'), messageType });
        const letter = await fail('1', about('MDM^T02'));
        const admission = await fail('2', about('ADT^A01'));
        for (const [controlId, type] of [
          ['3', 'ADT^A03'],
          ['4', 'SIU^S12'],
        ] as const) {
          await outbox.add(message(controlId, 'one', about(type)));
          await accept(await take());
        }
        assert.equal(await outbox.replay(letter, message('1', 'one', about('MDM^T02')), PERSON), 'queued');
        assert.equal(await outbox.replay(admission, message('2', 'one', about('ADT^A01')), PERSON), 'queued');
        for (let n = 0; n < 2; n++) await outbox.settle(rejected(await take()), REJECTION, false);
        for (const [controlId, type] of [
          ['5', 'MDM^T11'],
          ['6', 'ADT^A11'],
        ] as const) {
          await outbox.add(message(controlId, 'one', about(type)));
          await accept(await take());
        }
        assert.equal(
          await outbox.replay(letter, message('1', 'one', about('MDM^T02')), PERSON),
          'superseded',
        );
        assert.equal(
          await outbox.replay(admission, message('2', 'one', about('ADT^A01')), PERSON),
          'superseded',
        );
      });

      it('is refused to a flow with the very bytes that PKB has rejected, and never to a person', async () => {
        const flow = { override: true, byPerson: false };
        const failed = await fail('1', same('D'));
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), flow), 'unchanged');
        await assert.rejects(outbox.add(message('1', 'one', same('D'))), { code: 'PKB_UNCHANGED' });
        await outbox.add(message('1', 'one', { ...same('D'), connection: 'another' }));
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), PERSON), 'queued');
        await outbox.settle(settledAs(await take(), 'undeliverable'), ATTEMPT, false);
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), flow), 'queued');
      });

      it('is taken from a flow with three corrections, and no more', async () => {
        const flow = { override: true, byPerson: false };
        const failed = await fail('1', same('D'));
        for (let n = 1; n <= 4; n++) {
          const corrected = message('1', 'one', { ...same('D'), body: `${message('1').body}NTE|${n}\r` });
          assert.equal(await outbox.replay(failed, corrected, flow), n > 3 ? 'exhausted' : 'queued', `${n}`);
          if (n > 3) continue;
          await outbox.settle(rejected(await take()), REJECTION, false);
        }
      });

      it('takes a message about something else for another one, and leaves the failed one alone', async () => {
        const failed = await fail('1', same('D'));
        assert.equal(await outbox.replay(failed, message('9', 'one', same('E')), PERSON), 'other');
        const person = await fail('2', { dataPoint: undefined });
        assert.equal(
          await outbox.replay(person, message('9', 'two', { dataPoint: undefined }), PERSON),
          'other',
        );
        assert.equal(
          await outbox.replay(person, message('9', 'one', { dataPoint: undefined }), PERSON),
          'queued',
        );
        assert.equal((await outbox.findFailed('c', failed))?.body, message('1').body);
      });

      it('is not refused for a later one that was rejected or waits, or is of another Customer or data point', async () => {
        const failed = await fail('1', same('D'));
        await fail('2', same('D'));
        await outbox.add(message('3', 'two', { ...same('D'), facility: 'other{other}' }));
        await accept(await take());
        await outbox.add(message('4', 'three', same('E')));
        await accept(await take());
        await outbox.add(message('5', 'one', same('D')));
        assert.equal(await outbox.replay(failed, message('1', 'one', same('D')), PERSON), 'queued');
        assert.equal((await take())?.controlId, '1');
      });

      it('is never refused for messages without a data point', async () => {
        const failed = await fail('1', { dataPoint: undefined });
        await outbox.add(message('2', 'one', { dataPoint: undefined }));
        await accept(await take());
        assert.equal(
          await outbox.replay(failed, message('1', 'one', { dataPoint: undefined }), PERSON),
          'queued',
        );
      });
    });

    it('keeps megabytes, and characters of every kind where they are cut', async () => {
      const body = stamped('1', { more: `OBX|1||${'😀Ł'.repeat(700_000)}\r` });
      await outbox.add(message('1', 'one', { body }));
      const taken = await take();
      assert.equal(taken?.body, body);
      await outbox.postpone(taken?.id ?? 0, NOW, { ...ATTEMPT, outcome: 'unknown' });
      assert.equal((await take())?.body, body, 'read back from the store');
    });
  });
}

describe('an outbox in memory', () => {
  it('refuses what it has no room for', async () => {
    const outbox = new MemoryOutbox(1);
    await outbox.add(message('1'));
    await assert.rejects(outbox.add(message('2')), { code: 'PKB_OUTBOX', message: /full/ });
  });
});
