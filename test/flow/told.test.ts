/** An outcome must not count as told before the letter is in the store: a crash in between would lose the letter for good. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteOutbox } from '../../src/delivery/outbox/sqlite/sqlite-outbox.js';
import { connection, customer, outbox, send, simulator } from './flows.js';
import { server, start, version } from './runtime.js';
import { newMessage } from '../support/outbox-messages.js';
import { until } from '../support/wait.js';

const LETTERS = 3000;
const require_ = createRequire(__filename);
const letter = (n: number): string =>
  `MSH|^~\\&|A|trustalias{trustalias}|PKB|PKB|20260101120000||MDM^T02|c${n}|P|2.4\rPID|1||9990000018^^^NHS^NH\rTXA|1|CL||||||||||d${n}\r`;

describe(`many outcomes at once, as after an outage, on Node-RED ${version}`, function () {
  this.timeout(60_000);
  before(() => server.start());
  after(() => server.stop());
  afterEach(() => server.unload());

  it('counts none as told whose letter is not stored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pkb-letters-'));
    const path = join(folder, 'outbox.sqlite');
    const file = await SqliteOutbox.open({ path, retentionMs: 1e9 });
    for (let n = 1; n <= LETTERS; n++)
      void file.add(
        newMessage(`c${n}`, {
          connection: 'connection',
          sender: 'send',
          orderKey: `${n}`,
          messageType: 'MDM^T02',
          body: letter(n),
        }),
      );
    for (let left = LETTERS; left > 0;) {
      const taken = await file.take('connection', Date.now(), 500, []);
      left -= taken.length;
      await Promise.all(
        taken.map((one) => {
          const outcome = {
            outcome: 'accepted',
            code: 'AA',
            controlId: one.controlId,
            text: '',
            ack: 'x',
          } as const;
          const settled = {
            message: { ...one, attempts: 1 },
            state: 'accepted',
            outcome,
            expired: false,
          } as const;
          return file.settle(
            settled,
            { at: Date.now(), outcome: 'accepted', reason: '', counts: false },
            false,
          );
        }),
      );
    }
    await file.close();
    const { SqliteOutbox: Built } = require_('../../dist/src/delivery/outbox/sqlite/sqlite-outbox.js') as {
      SqliteOutbox: typeof SqliteOutbox;
    };
    const { told } = Built.prototype;
    const { open } = Built;
    let [toldCount, stored, most] = [0, 0, 0];
    Built.prototype.told = function (id) {
      toldCount++;
      most = Math.max(most, toldCount - stored);
      return told.call(this, id);
    };
    Built.open = async (...given) => {
      const opened = await open.apply(Built, given);
      const { letters } = opened;
      const { watch } = letters;
      letters.watch = async (some) => {
        await watch(some);
        stored += some.length;
      };
      return opened;
    };
    try {
      await start([
        outbox({ id: 'file', store: 'embedded', path }),
        connection(undefined, { outbox: 'file' }),
        {
          ...customer('customer', 'Trust', 'trustalias'),
          organisationId: '00000000-0000-4000-8000-0000000000aa',
        },
        simulator({ autoCreate: true }),
        { id: 'received', type: 'helper' },
        { id: 'api', type: 'pkb-api', environment: 'simulator' },
        send({ wires: [['letters'], ['letters']] }),
        {
          id: 'letters',
          type: 'pkb-letters',
          connection: 'connection',
          api: 'api',
          deadlineHours: 100,
          askMinutes: 10,
          graceMinutes: 0,
          wires: [[], [], []],
        },
      ]);
      await until('all are watched and told', () => stored >= LETTERS && toldCount >= LETTERS, 20_000);
    } finally {
      Built.prototype.told = told;
      Built.open = open;
      await server.unload();
      rmSync(folder, { recursive: true, force: true });
    }
    assert.equal(
      most,
      0,
      `${most} letters were noted as told before they were stored: kill -9 then loses them`,
    );
  });
});
