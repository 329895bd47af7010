/** What every store does for letters that are watched. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { letterStatements } from '../../../../src/delivery/outbox/letter-rows.js';
import { MIGRATIONS } from '../../../../src/delivery/outbox/sqlite/schema.js';
import type { Outbox } from '../../../../src/delivery/outbox/contract.js';
import type { LetterDecision, NewLetter, WatchedLetter } from '../../../../src/delivery/outbox/letters.js';
import { STORES } from './stores.js';

const NOW = Date.now();
const HOUR_MS = 3_600_000;

const letter = (documentId: string, more: Partial<NewLetter> = {}): NewLetter => ({
  watcher: 'w',
  key: `key of ${documentId}`,
  controlId: `sent ${documentId}`,
  facility: 'p{north}',
  documentId,
  reference: `ref ${documentId}`,
  organisation: 'north',
  nhsNumber: '9990000018',
  carried: '{"a":1}',
  deadline: NOW + HOUR_MS,
  nextAsk: NOW,
  at: NOW,
  ...more,
});

const decided = (one: WatchedLetter, more: Partial<LetterDecision> = {}): LetterDecision => ({
  id: one.id,
  controlId: one.controlId,
  end: 'post',
  reason: 'unread',
  readAt: undefined,
  at: NOW,
  ...more,
});

for (const [name, create] of Object.entries(STORES)) {
  describe(`letters in an outbox: ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await create();
    });
    afterEach(() => outbox.close());

    const take = (now = NOW, again = NOW + 1000): Promise<WatchedLetter[]> =>
      outbox.letters.take('w', now, again, 100);
    const taken = async (now = NOW): Promise<string[]> =>
      (await take(now)).map(({ documentId }) => documentId);

    it('gives those that are due, by organisation and deadline, without what they carry, and not again before their time', async () => {
      await outbox.letters.watch([
        letter('1', { organisation: 'south' }),
        letter('2', { deadline: NOW + 2 * HOUR_MS }),
        letter('3'),
        letter('4', { nextAsk: NOW + 500 }),
        letter('5', { watcher: 'other' }),
      ]);
      const [first] = await take();
      assert.deepEqual({ ...first, id: 0 }, { ...letter('3'), id: 0, nextAsk: NOW + 1000, carried: '' });
      assert.deepEqual(await taken(NOW + 999), ['4']);
      assert.deepEqual(await taken(NOW + 1000), ['3', '4', '2', '1']);
    });

    it('keeps a letter as it is that comes again, and watches a new version anew', async () => {
      await outbox.letters.watch([letter('1')]);
      await outbox.letters.watch([letter('1', { deadline: NOW + 9 })]);
      const [one] = await take();
      assert.equal(one?.deadline, NOW + HOUR_MS);
      assert.equal(await outbox.letters.end([decided(one)]), 1);
      await outbox.letters.watch([letter('1')]);
      assert.deepEqual(await taken(NOW + HOUR_MS), []);
      await outbox.letters.watch([letter('1', { controlId: 'sent again', deadline: NOW + 9 })]);
      const [again] = await take(NOW + HOUR_MS);
      assert.deepEqual([again?.controlId, again?.deadline], ['sent again', NOW + 9]);
      assert.deepEqual(await outbox.letters.takeEnded('w', NOW, NOW + 1, 10), []);
    });

    it('ends a letter once, in the version that was asked about', async () => {
      await outbox.letters.watch([letter('1'), letter('2')]);
      const [one, two] = await take();
      assert.ok(one && two);
      await outbox.letters.watch([letter('2', { controlId: 'newer' })]);
      const read = decided(one, { end: 'read', reason: 'read', readAt: NOW - 5 });
      assert.equal(await outbox.letters.end([read, decided(two)]), 1);
      assert.equal(await outbox.letters.end([decided(one)]), 0);
      const ended = await outbox.letters.takeEnded('w', NOW, NOW + 1000, 10);
      assert.deepEqual(
        ended.map(({ documentId, end, reason, readAt, endedAt, carried }) => [
          documentId,
          end,
          reason,
          readAt,
          endedAt,
          carried,
        ]),
        [['1', 'read', 'read', NOW - 5, NOW, '{"a":1}']],
      );
      assert.deepEqual(await outbox.letters.counts('w'), {
        watched: 1,
        read: 1,
        post: 0,
        attention: 0,
        cancelled: 0,
      });
    });

    it('gives an end to one at a time, until it is noted', async () => {
      await outbox.letters.watch([letter('1'), letter('2')]);
      await outbox.letters.end((await take()).map((one) => decided(one)));
      const [first, second] = await Promise.all([
        outbox.letters.takeEnded('w', NOW, NOW + 1000, 10),
        outbox.letters.takeEnded('w', NOW, NOW + 1000, 10),
      ]);
      assert.deepEqual([first.length, second.length].toSorted(), [0, 2]);
      const all = [...first, ...second];
      await outbox.letters.gave(all.slice(0, 1));
      const again = await outbox.letters.takeEnded('w', NOW + 1000, NOW + 2000, 10);
      assert.deepEqual(
        again.map(({ documentId }) => documentId),
        ['2'],
      );
    });

    it('cancels what was deleted, while it is watched', async () => {
      await outbox.letters.watch([letter('1'), letter('2')]);
      assert.equal(await outbox.letters.cancel('w', 'key of 1', NOW), true);
      assert.equal(await outbox.letters.cancel('w', 'key of 1', NOW), false);
      assert.equal(await outbox.letters.cancel('w', 'key of 3', NOW), false);
      await outbox.letters.watch([letter('1')]);
      assert.deepEqual(await taken(), ['2']);
      assert.deepEqual(await outbox.letters.takeEnded('w', NOW, NOW, 10), []);
    });

    it('puts off, and notes that a patient was asked about', async () => {
      await outbox.letters.watch([letter('1'), letter('2')]);
      const ids = (await take()).map(({ id }) => id);
      await outbox.letters.putOff(ids.slice(0, 1), NOW + 2000, true);
      await outbox.letters.putOff(ids.slice(1), NOW + 3000, false);
      assert.deepEqual(
        (await take(NOW + 2000)).map(({ documentId, nhsNumber }) => [documentId, nhsNumber]),
        [['1', '']],
      );
      assert.deepEqual(
        (await take(NOW + 3000)).map(({ documentId, nhsNumber }) => [documentId, nhsNumber]),
        [
          ['1', ''],
          ['2', '9990000018'],
        ],
      );
    });

    it('finds watched letters by reference and document', async () => {
      await outbox.letters.watch([letter('1'), letter('2', { reference: 'ref 1' }), letter('3')]);
      const names = async (name: Parameters<Outbox['letters']['find']>[1]): Promise<string[]> =>
        (await outbox.letters.find('w', name)).map(({ documentId }) => documentId);
      assert.deepEqual(await names({ reference: 'ref 1' }), ['1', '2']);
      assert.deepEqual(await names({ documentId: '3' }), ['3']);
      assert.deepEqual(await names({ documentId: '4' }), []);
      await outbox.letters.cancel('w', 'key of 3', NOW);
      assert.deepEqual(await names({ documentId: '3' }), []);
    });

    it('counts the letters of every watcher by state', async () => {
      assert.deepEqual(await outbox.letters.allCounts(), []);
      await outbox.letters.watch([letter('1'), letter('2'), letter('3', { watcher: 'v' })]);
      const [one] = await take();
      assert.ok(one);
      await outbox.letters.end([decided(one, { end: 'attention', reason: 'unknown' })]);
      await outbox.letters.cancel('v', 'key of 3', NOW);
      const none = { watched: 0, read: 0, post: 0, attention: 0, cancelled: 0 };
      assert.deepEqual(await outbox.letters.allCounts(), [
        { watcher: 'v', states: { ...none, cancelled: 1 } },
        { watcher: 'w', states: { ...none, watched: 1, attention: 1 } },
      ]);
    });

    it('gives the end of a new version though that of the one before is just being noted as given', async () => {
      await outbox.letters.watch([letter('1')]);
      await outbox.letters.end((await take()).map((one) => decided(one)));
      const given = await outbox.letters.takeEnded('w', NOW, NOW + 1000, 10);
      // Within the 50 ms before the note: a new version is accepted, and ended by msg.postNow.
      await outbox.letters.watch([letter('1', { controlId: 'newer' })]);
      const [newer] = await outbox.letters.find('w', { reference: 'ref 1' });
      assert.ok(newer);
      assert.equal(await outbox.letters.end([decided(newer)]), 1);
      await outbox.letters.gave(given);
      const next = await outbox.letters.takeEnded('w', NOW + 2000, NOW + 3000, 10);
      assert.deepEqual(
        next.map(({ controlId }) => controlId),
        ['newer'],
      );
    });

    it('does not post a letter whose deletion is accepted right behind it', async () => {
      await Promise.all([
        outbox.letters.watch([letter('1')]),
        outbox.letters.cancel('w', 'key of 1', NOW + 1),
      ]);
      assert.equal((await outbox.letters.counts('w')).cancelled, 1);
    });

    it('does not give the end of a letter that was deleted before it was given', async () => {
      await outbox.letters.watch([letter('1')]);
      await outbox.letters.end((await take()).map((one) => decided(one)));
      await outbox.letters.cancel('w', 'key of 1', NOW);
      assert.deepEqual(await outbox.letters.takeEnded('w', NOW, NOW + 1000, 10), []);
    });

    it('hands letters over, and leaves none behind that the other knows', async () => {
      await outbox.letters.watch([letter('1'), letter('2'), letter('2', { watcher: 'next' })]);
      assert.equal(await outbox.letters.handOver('w', 'next'), 1);
      const found = await outbox.letters.find('next', { reference: 'ref 1' });
      assert.deepEqual(
        found.map(({ documentId, nhsNumber }) => [documentId, nhsNumber]),
        [['1', '9990000018']],
      );
      assert.equal((await outbox.letters.counts('w')).watched, 0);
      assert.equal((await outbox.letters.counts('next')).watched, 2);
    });

    it('hands the newer version of a letter over, whichever the other has', async () => {
      const newer = (id: string, watcher: string): NewLetter =>
        letter(id, { watcher, controlId: `newer ${id}`, at: NOW + 9 });
      await outbox.letters.watch([letter('ended'), letter('older'), newer('newest', 'w')]);
      const [ended] = (await take()).filter(({ documentId }) => documentId === 'ended');
      assert.ok(ended);
      await outbox.letters.end([decided(ended)]);
      await outbox.letters.watch([
        newer('ended', 'x'),
        newer('older', 'x'),
        letter('newest', { watcher: 'x' }),
      ]);
      assert.equal(await outbox.letters.handOver('x', 'w'), 2);
      const found = await outbox.letters.take('w', NOW + 1e6, NOW + 2e6, 10);
      assert.deepEqual(found.map(({ controlId }) => controlId).toSorted(), [
        'newer ended',
        'newer newest',
        'newer older',
      ]);
      assert.equal((await outbox.letters.counts('x')).watched, 0);
    });

    it('counts ends by the hour and reason', async () => {
      await outbox.letters.watch([letter('1'), letter('2'), letter('3')]);
      const [one, two, three] = await take();
      assert.ok(one && two && three);
      const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS;
      await outbox.letters.end([
        decided(one, { at: hour + 1 }),
        decided(two, { at: hour + 2 }),
        decided(three, { at: hour - 1, end: 'read', reason: 'read' }),
      ]);
      assert.deepEqual(await outbox.letters.ended(hour), [
        { hour, watcher: 'w', end: 'post', reason: 'unread', count: 2 },
      ]);
      assert.equal((await outbox.letters.ended(hour - HOUR_MS)).length, 2);
    });
  });
}

describe('what is asked about letters every minute', () => {
  const sql = letterStatements('');
  for (const [statement, index] of [
    ['take', 'INDEX letter_due'],
    ['takeEnded', 'INDEX letter_given'],
    ['counts', 'COVERING INDEX letter_state'],
    ['allCounts', 'COVERING INDEX letter_state'],
    ['ended', 'COVERING INDEX letter_ended'],
  ] as const)
    it(`reads no letter that it is not about, in a file: ${statement}`, () => {
      const db = new DatabaseSync(':memory:');
      for (const migration of MIGRATIONS) db.exec(migration);
      const values = Array<null>(sql[statement].split('?').length - 1).fill(null);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql[statement]}`).all(...values);
      const words = plan.map(({ detail }) => String(detail)).join('\n');
      assert.ok(words.includes(` USING ${index}`), words);
      assert.ok(!/SCAN letter(?! USING COVERING)/.test(words), words);
      db.close();
    });
});
