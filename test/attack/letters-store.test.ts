/** Letters in every store: races between versions, deletions and giving. */
import assert from 'node:assert/strict';
import type { Outbox } from '../../src/delivery/outbox/contract.js';
import type { NewLetter, WatchedLetter } from '../../src/delivery/outbox/letters.js';
import { STORES } from '../unit/delivery/outbox/stores.js';

const NOW = Date.now();
const letter = (documentId: string, more: Partial<NewLetter> = {}): NewLetter => ({
  watcher: 'w',
  key: `key of ${documentId}`,
  controlId: `sent ${documentId}`,
  facility: 'p{north}',
  documentId,
  reference: `ref ${documentId}`,
  organisation: 'north',
  nhsNumber: '',
  carried: '{}',
  deadline: NOW,
  nextAsk: NOW,
  at: NOW,
  ...more,
});
const post = ({ id, controlId }: WatchedLetter) =>
  ({ id, controlId, end: 'post', reason: 'unread', readAt: undefined, at: NOW }) as const;

for (const [name, create] of Object.entries(STORES)) {
  describe(`attack: letters in ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
    });
    afterEach(() => outbox.close());
    const take = (): Promise<WatchedLetter[]> => outbox.takeLetters('w', NOW, NOW + 1000, 100);

    it('gives the end of a new version though that of the one before is just being noted as given', async () => {
      await outbox.watchLetters([letter('1')]);
      await outbox.endLetters((await take()).map(post));
      const given = await outbox.takeEndedLetters('w', NOW, NOW + 1000, 10);
      // Within the 50 ms before the note: a new version is accepted, and ended by msg.postNow.
      await outbox.watchLetters([letter('1', { controlId: 'newer' })]);
      const [newer] = await outbox.findLetters('w', { reference: 'ref 1' });
      assert.ok(newer);
      assert.equal(await outbox.endLetters([post(newer)]), 1);
      await outbox.gaveLetters(given.map(({ id }) => id));
      const next = await outbox.takeEndedLetters('w', NOW + 2000, NOW + 3000, 10);
      assert.deepEqual(
        next.map(({ controlId }) => controlId),
        ['newer'],
      );
    });

    it('does not post a letter whose deletion is accepted right behind it', async () => {
      await Promise.all([outbox.watchLetters([letter('1')]), outbox.cancelLetter('w', 'key of 1', NOW + 1)]);
      assert.equal((await outbox.letterCounts('w')).cancelled, 1);
    });

    it('does not give the end of a letter that was deleted before it was given', async () => {
      await outbox.watchLetters([letter('1')]);
      await outbox.endLetters((await take()).map(post));
      await outbox.cancelLetter('w', 'key of 1', NOW);
      assert.deepEqual(await outbox.takeEndedLetters('w', NOW, NOW + 1000, 10), []);
    });

    for (const text of ['🖋"\'=1+1', 'a\u0000b', 'x'.repeat(200)])
      it(`finds a letter by the reference ${JSON.stringify(text.slice(0, 10))}`, async () => {
        await outbox.watchLetters([letter('1', { reference: text })]);
        assert.equal((await outbox.findLetters('w', { reference: text })).length, 1);
      });
  });
}
