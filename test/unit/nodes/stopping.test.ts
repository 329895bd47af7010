/** A deploy that leaves pkb-letters or pkb-run alone stops and starts flows within a moment: what was on its way may be dropped. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunReporter } from '../../../nodes/pkb-run/reporter.js';
import { MemoryOutbox } from '../../../src/delivery/outbox/memory.js';
import { LetterWatch } from '../../../src/letters/watch.js';
import type { PkbApi } from '../../../src/api/client.js';
import { RECEIPT_PARTS } from '../../../src/api/receipt-parts.js';
import { until } from '../../support/wait.js';

describe('pkb-letters and pkb-run when flows stop and start', () => {
  it('does not note the end of a letter as given', async () => {
    const outbox = new MemoryOutbox();
    const noted: number[] = [];
    const gave = outbox.letters.gave.bind(outbox.letters);
    outbox.letters.gave = (letters) => {
      noted.push(...letters.map(({ id }) => id));
      return gave(letters);
    };
    const api: PkbApi = { operation: async () => ({}), close: () => undefined };
    let ended = 0;
    const watch = new LetterWatch({
      watcher: 'w',
      letters: async () => outbox.letters,
      api: () => api,
      parts: () => RECEIPT_PARTS,
      askMs: 1e9,
      tickMs: 1e9,
      graceMs: 0,
      ifUnknown: 'attention',
      events: {
        ended: () => {
          ended++;
          // Node-RED drops what is on its way to a node that is deployed anew; this one stays.
          setImmediate(() => {
            watch.stop();
            watch.start();
          });
        },
        looked: () => undefined,
        failed: (error) => assert.fail(String(error)),
      },
    });
    await outbox.letters.watch([
      {
        watcher: 'w',
        key: '1',
        controlId: '1',
        facility: '',
        documentId: '1',
        reference: '',
        organisation: '',
        nhsNumber: '',
        carried: '{}',
        deadline: 0,
        nextAsk: 0,
        at: 0,
      },
    ]);
    watch.start();
    await until('it was given', () => ended === 1);
    // The next look comes when the first has ended.
    await watch.close();
    assert.deepEqual(noted, []);
  });

  it('does not note a report as given, and looks in one loop afterwards', async () => {
    const outbox = new MemoryOutbox();
    let noted = 0;
    let reports = 0;
    let looks = 0;
    const reported = outbox.runs.reported.bind(outbox.runs);
    outbox.runs.reported = (name, closedAt) => {
      noted++;
      return reported(name, closedAt);
    };
    const reporter = new RunReporter({
      id: 'r',
      runs: async () => outbox.runs,
      progressMs: 0,
      quietMs: 0,
      withWords: false,
      events: {
        progress: () => undefined,
        report: () => {
          reports++;
          setImmediate(() => {
            reporter.stop();
            reporter.start();
          });
        },
        looked: () => looks++,
        failed: (error) => assert.fail(String(error)),
      },
    });
    await outbox.runs.begin({ name: 'n', reporter: 'r', expected: 0, isExact: true, at: 1 });
    reporter.start();
    await until('it was given', () => reports === 1);
    await until('it has looked again', () => looks > 1);
    reporter.stop();
    assert.equal(noted, 0);
  });

  it('looks at runs in one loop, however often flows stopped and started during a look', async () => {
    const outbox = new MemoryOutbox();
    let looks = 0;
    let running = 0;
    let most = 0;
    const reporter = new RunReporter({
      id: 'r',
      runs: async () => {
        looks++;
        most = Math.max(most, ++running);
        await sleep(100);
        running--;
        return outbox.runs;
      },
      progressMs: 0,
      quietMs: 0,
      withWords: false,
      events: {
        progress: () => undefined,
        report: () => undefined,
        looked: () => undefined,
        failed: () => undefined,
      },
    });
    reporter.start();
    for (let deploys = 0; deploys < 5; deploys++) {
      const before = looks;
      await until('a look', () => looks > before);
      reporter.stop();
      reporter.start();
    }
    const last = looks;
    await until('it goes on', () => looks > last + 1);
    reporter.stop();
    assert.equal(most, 1);
  });

  it('gives what has ended though thousands of letters cannot be asked about', async () => {
    const outbox = new MemoryOutbox();
    let now = 1_000_000;
    let requests = 0;
    let given = 0;
    const api: PkbApi = {
      operation: async () => {
        requests++;
        if (requests > 60) watch.stop();
        // An address that hangs until the timeout.
        now += 30_000;
        throw new Error('away');
      },
      close: () => undefined,
    };
    const watch = new LetterWatch({
      watcher: 'w',
      letters: async () => outbox.letters,
      api: () => api,
      parts: () => RECEIPT_PARTS,
      askMs: 3_600_000,
      tickMs: 60_000,
      graceMs: 48 * 3_600_000,
      ifUnknown: 'attention',
      now: () => now,
      events: { ended: () => given++, looked: () => undefined, failed: () => undefined },
    });
    const all = Array.from({ length: 15_000 }, (_, i) => ({
      watcher: 'w',
      key: `${i}`,
      controlId: '1',
      facility: '',
      documentId: `${i}`,
      reference: '',
      organisation: 'a',
      nhsNumber: '',
      carried: '{}',
      deadline: now,
      nextAsk: now,
      at: now,
    }));
    // One of another Customer that has no UUID: it needs no answer, and is to be posted at its deadline.
    await outbox.letters.watch([...all, { ...all[0]!, key: 'x', documentId: 'x', organisation: '' }]);
    watch.start();
    await until('many requests, or given', () => requests > 60 || given > 0);
    const after = requests;
    await watch.close();
    assert.ok(
      given > 0,
      `nothing given after ${after} requests (half an hour), though one letter ended in the first`,
    );
  });
});
