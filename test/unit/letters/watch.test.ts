/** Watching letters: when PKB is asked, in which batches, what is decided, and that each end is given. */
import assert from 'node:assert/strict';
import type { PkbApi } from '../../../src/api/client.js';
import { RECEIPT_PARTS } from '../../../src/api/receipt-parts.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import type { EndedLetter, NewLetter } from '../../../src/delivery/outbox/letters.js';
import { PkbApiError } from '../../../src/errors.js';
import { LetterWatch, type WatchOptions } from '../../../src/letters/watch.js';
import { until } from '../../support/wait.js';

const HOUR_MS = 3_600_000;
const BEGIN = Date.UTC(2026, 0, 1);

interface Asked {
  readonly path: string;
  readonly organisation: string;
  readonly values: readonly string[];
}

describe('watching letters', () => {
  let outbox: MemoryOutbox;
  let now: number;
  let asked: Asked[];
  let ended: EndedLetter[];
  let failures: string[];
  let read: Map<string, string | undefined>;
  let registered: Map<string, boolean>;
  let fail: Error | undefined;
  let watch: LetterWatch;

  beforeEach(() => {
    outbox = new MemoryOutbox();
    now = BEGIN;
    [asked, ended, failures] = [[], [], []];
    [read, registered] = [new Map(), new Map()];
    fail = undefined;
  });
  afterEach(() => watch.close());

  const api: PkbApi = {
    async operation(path, organisation, body) {
      const { parameter } = body as { parameter: { valueIdentifier: { value: string } }[] };
      const values = parameter.map(({ valueIdentifier: { value } }) => value);
      asked.push({ path, organisation, values });
      if (fail) throw fail;
      const isReceipts = path.startsWith('DocumentReference');
      const answers = values.flatMap((value) => {
        const known = isReceipts ? read.has(value) : registered.has(value);
        if (!known) return [];
        const part = isReceipts
          ? [
              { name: 'documentIdentifier', valueIdentifier: { value } },
              { name: 'read', valueBoolean: read.get(value) !== undefined },
              ...(read.get(value) === undefined
                ? []
                : [{ name: 'readTime', valueDateTime: read.get(value) }]),
            ]
          : [
              { name: 'patientIdentifier', valueIdentifier: { value } },
              { name: 'registered', valueBoolean: registered.get(value) },
            ];
        return [{ name: isReceipts ? 'readReceipt' : 'patientStatus', part }];
      });
      return { resourceType: 'Parameters', parameter: answers };
    },
    close: () => undefined,
  };
  const begin = (more: Partial<WatchOptions> = {}): void => {
    watch = new LetterWatch({
      watcher: 'w',
      letters: async () => outbox.letters,
      api: () => api,
      parts: () => RECEIPT_PARTS,
      askMs: HOUR_MS,
      tickMs: 1e9,
      graceMs: 2 * HOUR_MS,
      ifUnknown: 'attention',
      events: {
        ended: (letter) => ended.push(letter),
        looked: () => undefined,
        failed: (error) => failures.push((error as { code: string }).code),
      },
      now: () => now,
      ...more,
    });
  };
  /** Looks once, as the node does from time to time. */
  const look = async (at: number): Promise<string[]> => {
    now = at;
    watch.start();
    await watch.look();
    return ended.map(({ documentId, end, reason }) => `${documentId} ${end} ${reason}`);
  };
  const letter = (documentId: string, more: Partial<NewLetter> = {}): NewLetter => ({
    watcher: 'w',
    key: documentId,
    controlId: `of ${documentId}`,
    facility: 'p{north}',
    documentId,
    reference: '',
    organisation: 'north',
    nhsNumber: '',
    carried: '{}',
    deadline: BEGIN + 3 * HOUR_MS,
    nextAsk: BEGIN + HOUR_MS,
    at: BEGIN,
    ...more,
  });

  it('asks from time to time and at the deadline, and gives each letter one end', async () => {
    begin();
    read.set('1', undefined).set('2', undefined);
    await outbox.letters.watch([letter('1'), letter('2'), letter('3')]);
    assert.deepEqual(await look(BEGIN), []);
    assert.equal(asked.length, 0);
    read.set('1', '2026-01-01T00:30:00Z');
    assert.deepEqual(await look(BEGIN + HOUR_MS), ['1 read read']);
    assert.deepEqual(await look(BEGIN + 1.5 * HOUR_MS), ['1 read read']);
    assert.equal(asked.length, 1);
    await look(BEGIN + 2 * HOUR_MS);
    assert.deepEqual(asked[1]?.values, ['2', '3']);
    const all = await look(BEGIN + 3 * HOUR_MS);
    assert.deepEqual(all, ['1 read read', '2 post unread', '3 attention unknown']);
    await look(BEGIN + 9 * HOUR_MS);
    assert.equal(ended.length, 3);
    assert.equal(asked.length, 3);
    assert.deepEqual([ended[0]?.readAt, failures], [Date.UTC(2026, 0, 1, 0, 30), []]);
  });

  it('asks for each organisation by itself, and about 5,000 letters at a time', async () => {
    begin();
    const letters = Array.from({ length: 6001 }, (_, i) =>
      letter(`${i}`, { organisation: i < 6000 ? 'north' : 'south' }),
    );
    for (const { documentId } of letters) read.set(documentId, undefined);
    await outbox.letters.watch(letters);
    await look(BEGIN + HOUR_MS);
    assert.deepEqual(
      asked.map(({ organisation, values }) => [organisation, values.length]),
      [
        ['north', 5000],
        ['north', 1000],
        ['south', 1],
      ],
    );
  });

  it('posts what PKB could not be asked about, only after the wait, and says so', async () => {
    begin();
    fail = new PkbApiError('PKB_API_UNAVAILABLE', 'away');
    await outbox.letters.watch([letter('1')]);
    for (const hours of [1, 2, 3, 4]) assert.deepEqual(await look(BEGIN + hours * HOUR_MS), []);
    // The next look is a tick later, which is long here.
    await outbox.letters.putOff([1], BEGIN, false);
    assert.deepEqual(await look(BEGIN + 5 * HOUR_MS), ['1 post unanswered']);
    assert.deepEqual(new Set(failures), new Set(['PKB_API_UNAVAILABLE']));
  });

  it('does not post what was read while PKB could not be asked', async () => {
    begin({ tickMs: 60_000 });
    read.set('1', '2026-01-01T02:00:00Z');
    fail = new PkbApiError('PKB_API_UNAVAILABLE', 'away');
    await outbox.letters.watch([letter('1')]);
    assert.deepEqual(await look(BEGIN + 3 * HOUR_MS), []);
    fail = undefined;
    assert.deepEqual(await look(BEGIN + 4 * HOUR_MS), ['1 read read']);
  });

  it('waits as long as PKB asks', async () => {
    begin({ tickMs: 60_000 });
    read.set('1', undefined);
    fail = new PkbApiError('PKB_API_UNAVAILABLE', 'busy', 600_000);
    await outbox.letters.watch([letter('1')]);
    await look(BEGIN + 3 * HOUR_MS);
    fail = undefined;
    await look(BEGIN + 3 * HOUR_MS + 300_000);
    assert.equal(asked.length, 1);
    assert.deepEqual(await look(BEGIN + 3 * HOUR_MS + 600_000), ['1 post unread']);
  });

  it('posts without asking at the deadline where the Customer has no organisation', async () => {
    begin();
    await outbox.letters.watch([letter('1', { organisation: '' })]);
    assert.deepEqual(await look(BEGIN + HOUR_MS), []);
    assert.deepEqual(await look(BEGIN + 3 * HOUR_MS), ['1 post organisation']);
    assert.equal(asked.length, 0);
  });

  it('posts at once to patients who are not registered, if that is asked, and asks once', async () => {
    begin();
    for (const id of ['1', '2', '3']) read.set(id, undefined);
    registered.set('9990000018', false).set('9990000026', true);
    const nextAsk = BEGIN;
    await outbox.letters.watch([
      letter('1', { nhsNumber: '9990000018', nextAsk }),
      letter('2', { nhsNumber: '9990000026', nextAsk }),
      letter('3', { nhsNumber: '9990000034', nextAsk }),
    ]);
    assert.deepEqual(await look(BEGIN), ['1 post unregistered']);
    await look(BEGIN + HOUR_MS);
    assert.deepEqual(
      asked.map(({ path, values }) => [path.slice(0, 7), values.length]),
      [
        ['Documen', 3],
        ['Patient', 3],
        ['Documen', 2],
      ],
    );
  });

  it('asks about patients again where that failed', async () => {
    begin();
    read.set('1', undefined);
    registered.set('9990000018', false);
    await outbox.letters.watch([letter('1', { nhsNumber: '9990000018', nextAsk: BEGIN })]);
    fail = new PkbApiError('PKB_API_UNAVAILABLE', 'away');
    assert.deepEqual(await look(BEGIN), []);
    fail = undefined;
    assert.deepEqual(await look(BEGIN + HOUR_MS), ['1 post unregistered']);
  });

  it('gives an end again that was not noted, since flows stopped', async () => {
    begin();
    read.set('1', '2026-01-01T00:30:00Z');
    await outbox.letters.watch([letter('1')]);
    const looking = look(BEGIN + HOUR_MS);
    await until('it is given', () => ended.length === 1);
    watch.stop();
    await looking;
    await look(BEGIN + HOUR_MS + 20_000);
    assert.equal(ended.length, 2);
    await look(BEGIN + HOUR_MS + 40_000);
    assert.equal(ended.length, 2);
  });

  it('leaves what it took, and was stopped before it asked, due at once', async () => {
    const stopping: PkbApi = {
      close: () => undefined,
      operation(...given) {
        watch.stop();
        return api.operation(...given);
      },
    };
    begin({ api: () => stopping });
    read.set('1', undefined).set('2', undefined);
    await outbox.letters.watch([letter('1'), letter('2', { organisation: 'south' })]);
    await look(BEGIN + HOUR_MS);
    const due = await outbox.letters.take('w', BEGIN + HOUR_MS, BEGIN + 9 * HOUR_MS, 10);
    assert.deepEqual(
      due.map(({ documentId }) => documentId),
      ['2'],
    );
  });

  it('concludes nothing from a question that it ended itself', async () => {
    const hanging: PkbApi = {
      close: () => undefined,
      operation: (_path, _organisation, _body, signal) =>
        new Promise((_, reject) => {
          asked.push({ path: '', organisation: '', values: [] });
          signal.addEventListener('abort', () => reject(new PkbApiError('PKB_API_UNAVAILABLE', 'ended')));
        }),
    };
    begin({ api: () => hanging, graceMs: 0 });
    await outbox.letters.watch([letter('1')]);
    const looking = look(BEGIN + 3 * HOUR_MS);
    await until('it is asked', () => asked.length === 1);
    await watch.close();
    await looking;
    assert.deepEqual([ended, failures], [[], []]);
    const due = await outbox.letters.take('w', BEGIN + 3 * HOUR_MS, BEGIN + 9 * HOUR_MS, 10);
    assert.equal(due.length, 1);
  });

  it('decides nothing about a newer version than it asked about', async () => {
    const slow: PkbApi = {
      close: () => undefined,
      async operation(...given) {
        await outbox.letters.watch([letter('1', { controlId: 'newer', deadline: BEGIN + 99 * HOUR_MS })]);
        return api.operation(...given);
      },
    };
    begin({ api: () => slow });
    read.set('1', undefined);
    await outbox.letters.watch([letter('1')]);
    assert.deepEqual(await look(BEGIN + 3 * HOUR_MS), []);
    assert.equal((await outbox.letters.counts('w')).watched, 1);
  });

  it('does not begin again once it was closed', async () => {
    begin({ tickMs: 1 });
    await outbox.letters.watch([letter('1', { nextAsk: BEGIN, deadline: BEGIN })]);
    await watch.close();
    watch.start();
    watch.wake();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual([asked, ended], [[], []]);
    assert.equal((await outbox.letters.counts('w')).watched, 1);
  });

  it('asks about one organisation while PKB has asked it to wait with another', async () => {
    const busy: PkbApi = {
      operation: (path, organisation, body, signal) =>
        organisation === 'south'
          ? Promise.reject(new PkbApiError('PKB_API_UNAVAILABLE', 'busy', 9 * HOUR_MS))
          : api.operation(path, organisation, body, signal),
      close: () => undefined,
    };
    begin({ api: () => busy });
    read.set('1', '2026-01-01T00:30:00Z');
    await outbox.letters.watch([letter('0', { organisation: 'south' }), letter('1')]);
    await look(BEGIN + HOUR_MS);
    assert.deepEqual(await look(BEGIN + 2 * HOUR_MS), ['1 read read']);
  });

  it('asks with the organisation that the Customer has now', async () => {
    begin({ organisationOf: (facility) => (facility === 'p{north}' ? 'corrected' : '') });
    await outbox.letters.watch([
      letter('1', { organisation: 'wrong' }),
      letter('2', { facility: 'p{gone}' }),
    ]);
    await look(BEGIN + HOUR_MS);
    assert.deepEqual(asked.map(({ organisation }) => organisation).toSorted(), ['corrected', 'north']);
  });

  it('waits for PKB after it was away beyond the deadline, and posts what was read by nobody', async () => {
    let isAway = true;
    const late: PkbApi = {
      operation: (path, organisation, body, signal) =>
        isAway
          ? Promise.reject(new PkbApiError('PKB_API_UNAVAILABLE', 'away'))
          : api.operation(path, organisation, body, signal),
      close: () => undefined,
    };
    begin({ api: () => late });
    read.set('1', '2026-01-01T00:30:00Z').set('2', undefined);
    await outbox.letters.watch([letter('1'), letter('2')]);
    assert.deepEqual(await look(BEGIN + 99 * HOUR_MS), []);
    isAway = false;
    assert.deepEqual((await look(BEGIN + 100 * HOUR_MS + 1e9)).toSorted(), ['1 read read', '2 post unread']);
  });
});
