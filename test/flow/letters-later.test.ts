/** What changes while letters are watched: the UUID of a Customer, the pkb-letters node, the version of a letter. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReceipts } from '../../src/api/read-receipts.js';
import { RECEIPT_PARTS } from '../../src/api/receipt-parts.js';
import type { SqliteOutbox } from '../../src/delivery/outbox/sqlite/sqlite-outbox.js';
import type { PkbApi } from '../../src/api/client.js';
import { deadlineOf } from '../../src/letters/deadline.js';
import { build, connection, customer, outbox, send, simulator } from './flows.js';
import { type RunningFlow, server, start, version } from './runtime.js';
import { until } from '../support/wait.js';

const require_ = createRequire(__filename);
const TRUST = '00000000-0000-4000-8000-0000000000aa';
const PATIENT = {
  nhsNumber: '9990000018',
  name: { family: 'Example', given: 'Alex' },
  birthDate: '1970-01-31',
  sex: 'F',
};

describe(`changes while letters are watched on Node-RED ${version}`, function () {
  this.timeout(60_000);
  let folder: string;
  before(() => server.start());
  after(() => server.stop());
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pkb-letters-'))));
  afterEach(async () => {
    await server.unload();
    rmSync(folder, { recursive: true, force: true });
  });
  const begin = (organisationId: string, letters: string, more: object[] = []): Promise<RunningFlow> =>
    start([
      ...more,
      outbox({ id: 'file', store: 'embedded', path: join(folder, 'outbox.sqlite') }),
      connection(undefined, { outbox: 'file' }),
      { ...customer('customer', 'Trust', 'trustalias'), organisationId },
      simulator({ autoCreate: true }),
      { id: 'received', type: 'helper' },
      { id: 'api', type: 'pkb-api', environment: 'simulator' },
      build({ dataPointId: 'keep', wires: [['send']] }),
      send({ wires: [[letters], [letters]] }),
      {
        id: letters,
        type: 'pkb-letters',
        connection: 'connection',
        api: 'api',
        deadlineHours: 100,
        askMinutes: 0.01,
        graceMinutes: 0,
        wires: [['ended'], ['ended'], ['ended']],
      },
      { id: 'ended', type: 'helper' },
    ]);
  const watched = (flow: RunningFlow, node: string): Promise<void> =>
    until('it is watched', async () => {
      const open = await flow.node('connection').delivery().outbox();
      return (await open.letters.counts(node)).watched === 1;
    });
  const letter = (deadline: string): object => ({
    reference: 'L1',
    deadline,
    payload: { kind: 'document', id: 'd1', type: 'CL', patient: PATIENT, text: 'Dear Alex' },
  });

  it('asks about letters that are watched already once the UUID of the Customer is entered', async () => {
    const first = await begin('', 'letters');
    first.receive('build', letter('PT4S'));
    await watched(first, 'letters');
    await server.unload();
    const second = await begin(TRUST, 'letters');
    assert.notEqual((await second.wait('ended')).payload.reason, 'organisation');
  });

  it('does not forget letters when pkb-letters is removed and made again', async () => {
    const first = await begin(TRUST, 'letters');
    first.receive('build', letter('PT2S'));
    await watched(first, 'letters');
    await until('its outcome counts as told', async () => {
      const open = await first.node('connection').delivery().outbox();
      return (await open.untold('connection', 'send')).length === 0;
    });
    await server.unload();
    const second = await begin(TRUST, 'letters-again');
    await second.wait('ended');
  });

  it('does not forget letters when the connection is made again after pkb-letters was removed', async () => {
    const first = await begin(TRUST, 'letters');
    first.receive('build', letter('PT2S'));
    await watched(first, 'letters');
    const open = await first.node('connection').delivery().outbox();
    await until('its outcome counts as told', async () => {
      return (await open.untold('connection', 'send')).length === 0;
    });
    // As at a deploy that removes it, while a connection is there that is gone by now.
    await open.letters.handOver('letters', 'removed connection-before');
    await server.unload();
    const second = await begin(TRUST, 'letters-again');
    await second.wait('ended');
  });

  it('watches letters though those of a node that is gone could not be taken, and takes them then', async () => {
    const first = await begin(TRUST, 'letters');
    first.receive('build', letter('PT1S'));
    await watched(first, 'letters');
    await server.unload();
    const { SqliteOutbox: Built } = require_('../../dist/src/delivery/outbox/sqlite/sqlite-outbox.js') as {
      SqliteOutbox: typeof SqliteOutbox;
    };
    const { open } = Built;
    let refused = 0;
    Built.open = async (...given) => {
      const opened = await open.apply(Built, given);
      const { handOver } = opened.letters;
      opened.letters.handOver = (from, to) =>
        refused++ < 2 ? Promise.reject(new Error('no answer in time')) : handOver(from, to);
      return opened;
    };
    try {
      const second = await begin(TRUST, 'letters-again');
      await second.wait('ended');
      assert.equal(refused, 3);
    } finally {
      Built.open = open;
    }
  });

  it('leaves the letters of another connection that is there to that one', async () => {
    const first = await begin(TRUST, 'letters');
    first.receive('build', letter('PT100H'));
    await watched(first, 'letters');
    const open = await first.node('connection').delivery().outbox();
    await open.letters.handOver('letters', 'removed other');
    await server.unload();
    const second = await begin(TRUST, 'letters-again', [
      connection(undefined, { id: 'other', outbox: 'file' }),
    ]);
    await watched(second, 'removed other');
    assert.deepEqual(second.seen('ended'), []);
  });

  it('rounds a deadline with a fraction of a millisecond, which no store keeps', () => {
    assert.equal(deadlineOf(Date.UTC(2026, 10, 29) + 0.4, Date.UTC(2026, 10, 1)), Date.UTC(2026, 10, 29));
  });

  it('refuses a deadline in Unix seconds, which is 1970', () => {
    assert.throws(() => deadlineOf(1_796_115_600, Date.UTC(2026, 10, 29)));
  });

  it('does not call read what is read and unread in one receipt', async () => {
    const part = [
      { name: 'documentIdentifier', valueIdentifier: { value: 'd1' } },
      { name: 'read', valueBoolean: true },
      { name: 'read', valueBoolean: false },
    ];
    const answer = { resourceType: 'Parameters', parameter: [{ name: 'readReceipt', part }] };
    const api: PkbApi = { operation: async () => answer, close: () => undefined };
    const found = await readReceipts(api, TRUST, ['d1'], RECEIPT_PARTS, new AbortController().signal);
    assert.equal(found.get('d1')?.state, 'undetermined');
  });
});
