/** An outbox that is moved from a file to PostgreSQL and back: nothing of it is lost, changed or sent by two. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outbox, TakenOver } from '../../../../src/delivery/outbox/contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../../../../src/delivery/outbox/messages.js';
import { cancelMove, move, type MoveSource, type MoveTarget } from '../../../../src/delivery/outbox/move.js';
import { databaseToFill, databaseToLeave } from '../../../../src/delivery/outbox/postgres/moving.js';
import { PostgresOutbox } from '../../../../src/delivery/outbox/postgres/postgres-outbox.js';
import type { RunItem } from '../../../../src/delivery/outbox/runs.js';
import { firstBroken } from '../../../../src/delivery/outbox/trail.js';
import { PART } from '../../../../src/delivery/outbox/texts.js';
import { fileToFill, fileToLeave } from '../../../../src/delivery/outbox/sqlite/moving.js';
import { SqliteStore } from '../../../../src/delivery/outbox/sqlite/store.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { type Postgres, postgresFolder, startPostgres } from '../../../support/postgres.js';

const NOW = Date.now();
const DAY_MS = 24 * 3_600_000;
const LATER = NOW + 60_000;
const CONNECTIONS = ['c', 'd'];
const command = join(__dirname, '../../../../dist/src/cli/pkb-outbox.js');
const LONG = `NTE|1||${'é'.repeat(2 * PART)}\r`;

const message = (controlId: string, orderKey: string, more: Partial<NewMessage> = {}): NewMessage =>
  newMessage(controlId, {
    orderKey,
    dataPoint: { field: 'PV1-19', id: `visit-${controlId}`, owner: 'partner' },
    body: stamped(controlId, { more: controlId === 'long' ? LONG : '' }),
    carried: JSON.stringify({ of: controlId }),
    holdOnRejection: true,
    storedAt: NOW,
    ...more,
  });

const attempt = (outcome: Attempt['outcome']): Attempt => ({
  at: NOW + 5,
  outcome,
  reason: outcome === 'accepted' ? '' : 'As said.',
  counts: true,
});

/** What is stored, in this order; whose order keys are `accepted`, `untold`, `rejected`, `late`, `next`, `other`. */
const STORED: readonly NewMessage[] = [
  message('1', 'accepted'),
  message('2', 'untold'),
  message('3', 'rejected'),
  message('4', 'rejected'),
  message('5', 'late'),
  message('6', 'late'),
  message('long', 'next'),
  message('8', 'next', { dataPoint: undefined, askOnUnknown: true, holdOnRejection: false }),
  message('9', 'other', { connection: 'd' }),
  message('10', 'gone', { connection: 'd' }),
];

const itemOf = (reference: string, run = 'night'): RunItem => ({
  run,
  key: `key of ${reference}`,
  referenceKey: `reference ${reference}`,
  position: undefined,
  content: 'content',
  reference,
});

const LETTER = {
  watcher: 'w',
  key: 'unread',
  controlId: '1',
  facility: 'north{north}',
  documentId: 'd1',
  reference: 'r',
  organisation: 'north',
  nhsNumber: '9990000018',
  carried: '{}',
  deadline: NOW,
  nextAsk: NOW,
  at: NOW,
};

/** Of them, those that are items of a run, by their control IDs. */
const ITEMS: readonly RunItem[] = ['1', '3', '5', '9'].map((controlId) => itemOf(controlId));

/** Fills an outbox: one accepted, one whose flow was not told, one rejected with one on hold, one postponed, others waiting. */
async function fill(outbox: Outbox): Promise<void> {
  await outbox.runs.begin({ name: 'night', reporter: 'r', expected: 5, isExact: false, at: NOW });
  for (const one of STORED) {
    const item = ITEMS.find(({ reference }) => reference === one.controlId);
    if (item === undefined) await outbox.add(one);
    else await outbox.addItem(one, item);
  }
  await outbox.addItem(message('twice', 'accepted', { storedAt: NOW + 1 }), itemOf('1', 'next day'));
  const place = { code: 'WHY', facility: 'north{north}', messageType: 'ADT^A28', at: NOW };
  await outbox.setPause('paused', { at: NOW, user: 'u' });
  await outbox.letters.watch([LETTER, { ...LETTER, key: 'read', documentId: 'd2' }]);
  const [, read] = await outbox.letters.take('w', NOW, NOW + 5, 9);
  assert.ok(read);
  const decision = { ...read, end: 'read', reason: 'read', readAt: NOW - 5, at: NOW } as const;
  await outbox.letters.end([decision]);
  await outbox.runs.place([{ ...itemOf('stopped'), ...place, state: 'stopped' }]);
  for (const n of [1, 2])
    await outbox.record({ at: NOW + n, user: 'u', event: 'pkb.again', details: `{"message":${n}}` });
  const taken = [...(await outbox.take('c', NOW, 10, [])), ...(await outbox.take('d', NOW, 10, []))];
  const end = async (controlId: string, state: 'accepted' | 'rejected' | 'undeliverable', hold: boolean) => {
    const found = taken.find((one) => one.controlId === controlId);
    assert.ok(found);
    const outcome =
      state === 'undeliverable'
        ? ({ outcome: 'refused', reason: 'Too large.' } as never)
        : ({
            outcome: state,
            code: state === 'accepted' ? 'AA' : 'AR',
            controlId,
            text: 'So.',
            ack: 'MSA',
          } as const);
    const counted = { ...found, attempts: found.attempts + 1 };
    await outbox.settle(
      { message: counted, state, outcome, expired: false },
      attempt(state as 'accepted'),
      hold,
    );
    if (controlId !== '2') await outbox.told(found.id);
  };
  await end('1', 'accepted', false);
  await end('2', 'accepted', false);
  await end('3', 'rejected', true);
  const late = taken.find((one) => one.controlId === '5');
  await outbox.postpone(late?.id ?? 0, LATER, attempt('busy'));
  for (const one of taken) if (!['1', '2', '3', '5'].includes(one.controlId)) await outbox.giveBack(one.id);
}

/** A message without its id, which may be another one after a move. */
const withoutId = <T extends { readonly id: number }>(message: T) => ({ ...message, id: 0 });

/** All that can be asked of an outbox, with what is sent, in which order, until it is empty. */
async function contents(outbox: Outbox) {
  // In PostgreSQL it makes this process the sender, which is told of what others had accepted.
  const due = await outbox.nextDue('c', []);
  const untold = await outbox.untold('c', 's');
  const failed = await outbox.failed('c', 's', 10);
  const [first] = failed;
  assert.ok(first);
  const kept = await outbox.findFailed('c', first);
  const trail = await outbox.trail(0, 10);
  assert.equal(firstBroken(trail, undefined, outbox.secret), undefined);
  const runs = await outbox.runs.all(10);
  const items = await Promise.all(runs.map(({ name }) => outbox.runs.items(name, 0, 100)));
  const before = {
    trail,
    pause: await outbox.pauseOf('paused'),
    letters: await outbox.letters.take('w', NOW + 5, NOW + 6, 9),
    read: await outbox.letters.takeEnded('w', NOW, NOW + 1, 9),
    unread: await outbox.letters.find('w', { reference: LETTER.reference }),
    runs: await Promise.all(runs.map(({ name }) => outbox.runs.one(name))),
    // Numbers of items and ids of messages may be others after a move.
    items: items.flat().map((one) => ({ ...one, n: 0, message: one.message !== undefined })),
    secret: outbox.secret.export().toString('hex'),
    name: outbox.name,
    counts: await Promise.all(CONNECTIONS.map((connection) => outbox.counts(connection))),
    held: await outbox.held('c'),
    due,
    untold: untold.map((one) => ({ ...one, message: withoutId(one.message) })),
    failed: failed.map(withoutId),
    text: kept && withoutId(kept),
  };
  await assert.rejects(outbox.add(message('3', 'rejected')), { code: 'PKB_UNCHANGED' });
  await outbox.add(message('new', 'late'));
  await outbox.add(message('after', 'rejected'));
  const sent: unknown[] = [];
  const send = async (one: StoredMessage): Promise<void> => {
    sent.push(withoutId(one));
    const { controlId } = one;
    const outcome = { outcome: 'accepted', code: 'AA', controlId, text: '', ack: '' } as const;
    const settled = { message: one, state: 'accepted', outcome, expired: false } as const;
    await outbox.settle(settled, attempt('accepted'), false);
    await outbox.told(one.id);
  };
  const drain = async (now: number): Promise<void> => {
    for (const connection of CONNECTIONS) {
      // What is being swept is passed over for a moment.
      const isDue = async (): Promise<boolean> => ((await outbox.nextDue(connection, [])) ?? Infinity) <= now;
      while (await isDue()) for (const one of await outbox.take(connection, now, 10, [])) await send(one);
    }
  };
  await drain(NOW);
  sent.push('later');
  await drain(LATER);
  sent.push('released');
  assert.equal(await outbox.release('c'), 1);
  await drain(LATER);
  const replay = await outbox.replay(first, message('3', 'rejected'), { override: true, byPerson: true });
  assert.equal(replay, 'queued');
  sent.push('once more');
  await drain(LATER);
  return { before, sent };
}

describe('moving an outbox', function () {
  this.timeout(60_000);
  let folder: string;
  let postgres: Postgres;
  let schemas = 0;
  let files = 0;
  before(async function () {
    if (postgresFolder === undefined) return this.skip();
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pkb-moving-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const newPath = (): string => join(folder, `${++files}.sqlite`);
  const newSchema = (): string => `moving_${++schemas}`;
  const inFile = (path: string, encryptionKey = '') =>
    SqliteStore.open({ path, retentionMs: 1e13, encryptionKey });
  const inDatabase = (schema: string, encryptionKey = '') =>
    PostgresOutbox.open({ connectionString: postgres.url, schema, retentionMs: 1e13, encryptionKey });
  const database = (schema: string, password = '') => ({ connectionString: postgres.url, schema, password });

  async function moved(source: MoveSource, target: MoveTarget): Promise<number> {
    try {
      return await move(source, target);
    } finally {
      await source.close();
      await target.close();
    }
  }

  async function filled(password = ''): Promise<string> {
    const path = newPath();
    const outbox = await inFile(path, password);
    await fill(outbox);
    await outbox.close();
    return path;
  }

  async function filledDatabase(password = ''): Promise<string> {
    const schema = newSchema();
    const outbox = await inDatabase(schema, password);
    await fill(outbox);
    await outbox.close();
    return schema;
  }

  /** What an outbox of the same messages does that was not moved, but has the same secret. */
  async function expected(path: string, password = '') {
    const copy = newPath();
    copyFileSync(path, copy);
    const outbox = await inFile(copy, password);
    const all = await contents(outbox);
    await outbox.close();
    return all;
  }

  for (const [from, to] of [
    ['', ''],
    ['key', 'other'],
    ['', 'other'],
    ['key', ''],
  ] as const) {
    it(`from a file to PostgreSQL and back keeps order, states, holds and texts (keys “${from}” and “${to}”)`, async () => {
      const path = await filled(from);
      const wanted = await expected(path, from);
      const schema = newSchema();
      assert.equal(
        await moved(await fileToLeave(path, from), databaseToFill(database(schema, to))),
        STORED.length,
      );
      const copy = newPath();
      assert.equal(
        await moved(await databaseToLeave(database(schema, to)), fileToFill(copy, from)),
        STORED.length,
      );
      assert.equal(statSync(copy).mode & 0o777, 0o600);
      const back = await inFile(copy, from);
      assert.deepEqual(await contents(back), wanted);
      await back.close();
      await assert.rejects(inFile(path, from), /was moved to another one/);
      await assert.rejects(inDatabase(schema, to), /was moved to another one/);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes('moving')),
        [],
      );
    });

    it(`is continued by PostgreSQL as by the file (keys “${from}” and “${to}”)`, async () => {
      const path = await filled(from);
      const wanted = await expected(path, from);
      const schema = newSchema();
      await moved(await fileToLeave(path, from), databaseToFill(database(schema, to)));
      const outbox = await inDatabase(schema, to);
      assert.deepEqual(await contents(outbox), wanted);
      await outbox.close();
    });
  }

  it('from PostgreSQL keeps the order of storing where ids are of another order', async () => {
    const schema = newSchema();
    const [a, b] = [await inDatabase(schema), await inDatabase(schema)];
    await a.add(message('1', 'one'));
    await b.add(message('2', 'one'));
    await a.add(message('3', 'one'));
    await Promise.all([a.close(), b.close()]);
    const path = newPath();
    await moved(await databaseToLeave(database(schema)), fileToFill(path, ''));
    const outbox = await inFile(path);
    for (const wanted of ['1', '2', '3']) {
      const [taken] = await outbox.take('c', NOW, 10, []);
      assert.equal(taken?.controlId, wanted);
      const outcome = { outcome: 'accepted', code: 'AA', controlId: wanted, text: '', ack: '' } as const;
      await outbox.settle(
        { message: taken, state: 'accepted', outcome, expired: false },
        attempt('accepted'),
        false,
      );
    }
    await outbox.close();
  });

  it('keeps what was erased erased, and what cannot be read as what it is', async () => {
    const path = newPath();
    const first = await inFile(path);
    await fill(first);
    await first.close();
    const erasing = await SqliteStore.open({ path, retentionMs: 0, now: () => NOW + 100 * DAY_MS });
    await erasing.close();
    const schema = newSchema();
    await moved(await fileToLeave(path, ''), databaseToFill(database(schema)));
    const kept = postgres.sql(`SELECT kept, count(*), count(t.message) FROM ${schema}.message m
      LEFT JOIN ${schema}.text t ON t.message = m.id GROUP BY kept ORDER BY kept`);
    // Two accepted and the rejected one are past their times; the seven that wait are kept for ever.
    assert.equal(kept.trim(), '0|3|0\n1|7|7');
    postgres.sql(
      `DELETE FROM ${schema}.text WHERE message = (SELECT id FROM ${schema}.message WHERE order_key = 'other')`,
    );
    const back = newPath();
    await moved(await databaseToLeave(database(schema)), fileToFill(back, ''));
    const outbox = await inFile(back);
    await assert.rejects(outbox.take('d', NOW, 10, []), /missing/);
    assert.deepEqual(
      (await outbox.take('d', NOW, 10, [])).map(({ controlId }) => controlId),
      ['10'],
    );
    await outbox.close();
  });

  describe('refuses', () => {
    it('an outbox that is in use, and leaves it as it is', async () => {
      const path = await filled();
      const open = await inFile(path);
      await assert.rejects(fileToLeave(path, ''), /Stop it first/);
      await open.close();
      const schema = await filledDatabase();
      const running = await inDatabase(schema);
      await assert.rejects(
        moved(await databaseToLeave(database(schema)), fileToFill(newPath(), '')),
        /uses this outbox/,
      );
      await running.close();
      await (await inDatabase(schema)).close();
    });

    it('a database that a Node-RED has open, and leaves the file as it is', async () => {
      const path = await filled();
      const schema = newSchema();
      const running = await inDatabase(schema);
      await assert.rejects(
        moved(await fileToLeave(path, ''), databaseToFill(database(schema))),
        /uses this outbox/,
      );
      await running.close();
      const outbox = await inFile(path);
      assert.equal((await outbox.counts('c')).queued, 5);
      await outbox.close();
    });

    it('a place that holds messages, and leaves both as they are', async () => {
      const path = await filled();
      const schema = await filledDatabase();
      await assert.rejects(
        moved(await fileToLeave(path, ''), databaseToFill(database(schema))),
        /holds messages already/,
      );
      const other = await filled();
      await assert.rejects(
        moved(await databaseToLeave(database(schema)), fileToFill(other, '')),
        /holds messages already/,
      );
      for (const outbox of [await inFile(path), await inFile(other), await inDatabase(schema)]) {
        assert.equal((await outbox.counts('c')).queued, 5);
        await outbox.close();
      }
    });

    it('a copy of a file that was moved already', async () => {
      const path = await filled();
      const copy = newPath();
      copyFileSync(path, copy);
      const schema = newSchema();
      await moved(await fileToLeave(path, ''), databaseToFill(database(schema)));
      await assert.rejects(
        moved(await fileToLeave(copy, ''), databaseToFill(database(schema))),
        /holds messages already/,
      );
      await assert.rejects(fileToLeave(path, ''), /was moved to another one/);
    });

    it('a wrong key, a missing file, a file of another program and a database that is not there', async () => {
      const path = await filled('key');
      await assert.rejects(fileToLeave(path, 'wrong'), /another key/);
      await assert.rejects(fileToLeave(path, ''), /another key/);
      await assert.rejects(fileToLeave(newPath(), ''), /no outbox file/);
      await assert.rejects(fileToLeave(__filename, ''), /another program’s/);
      const nowhere = (): MoveTarget =>
        databaseToFill({ ...database('x'), connectionString: 'postgresql://127.0.0.1:1/x' });
      await assert.rejects(moved(await fileToLeave(path, 'key'), nowhere()), { code: 'PKB_OUTBOX' });
      await assert.rejects(
        moved(await fileToLeave(path, 'key'), fileToFill(join(folder, 'missing/x.sqlite'), '')),
        /no folder/,
      );
      // Nothing had been begun, so Node-RED goes on with the file.
      await (await inFile(path, 'key')).close();
    });

    it('a key for a file that has none, and writes nothing into it', async () => {
      const path = await filled();
      assert.ok(readFileSync(path).includes('trustalias{trustalias}'));
      await assert.rejects(fileToLeave(path, 'key'), { code: 'PKB_SETTING', message: /not encrypted/ });
      assert.ok(readFileSync(path).includes('trustalias{trustalias}'));
      await (await inFile(path)).close();
    });

    it('a second move at the same time, of either kind', async () => {
      const schema = await filledDatabase();
      const first = await databaseToLeave(database(schema));
      await assert.rejects(databaseToLeave(database(schema)), /Another command is moving/);
      assert.equal(await moved(first, fileToFill(newPath(), '')), STORED.length);
      const path = await filled();
      const source = await fileToLeave(path, '');
      await assert.rejects(fileToLeave(path, ''), /Stop it first/);
      await source.close();
    });

    it('two moves into one database, the slower of which finds it filled', async () => {
      const schema = newSchema();
      const paths = [await filled(), await filled()];
      const moves = paths.map(async (path) =>
        moved(await fileToLeave(path, ''), databaseToFill(database(schema))),
      );
      const done = await Promise.allSettled(moves);
      assert.deepEqual(done.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
      assert.equal(postgres.sql(`SELECT count(*) FROM ${schema}.message`).trim(), String(STORED.length));
      // The other goes on as before.
      const kept = paths[done.findIndex(({ status }) => status === 'rejected')] ?? '';
      const outbox = await inFile(kept);
      assert.equal((await outbox.counts('c')).queued, 5);
      await outbox.close();
    });

    it('what a Node-RED wants to store, send or write down that was frozen during a move', async () => {
      const schema = await filledDatabase();
      const frozen = await inDatabase(schema);
      const [taken] = await frozen.take('c', NOW, 1, []);
      assert.ok(taken);
      // It has not been seen for longer than a Node-RED that runs.
      postgres.sql(`UPDATE ${schema}.instance SET seen = seen - interval '1 hour'`);
      await moved(await databaseToLeave(database(schema)), fileToFill(newPath(), ''));
      await assert.rejects(frozen.add(message('late', 'late-key')), /was moved to another one/);
      assert.deepEqual(await frozen.take('c', NOW, 5, []), []);
      assert.deepEqual(await frozen.take('new connection', NOW, 5, []), []);
      const outcome = {
        outcome: 'accepted',
        code: 'AA',
        controlId: taken.controlId,
        text: '',
        ack: '',
      } as const;
      const settled = { message: taken, state: 'accepted', outcome, expired: false } as const;
      await assert.rejects(frozen.settle(settled, attempt('accepted'), false), TakenOver);
      const [failed] = await frozen.failed('c', 's', 1);
      assert.ok(failed);
      const again = frozen.replay(failed, message('3', 'rejected'), { override: true, byPerson: true });
      await assert.rejects(again, /was moved to another one/);
      const left = postgres.sql(
        `SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FROM ${schema}.message`,
      );
      assert.equal(left.trim(), `7|${STORED.length}`);
      await frozen.close();
    });
  });

  describe('that was cut off', () => {
    it('before anything was received begins again', async () => {
      const path = await filled();
      const wanted = await expected(path);
      const cut = await fileToLeave(path, '');
      await cut.mark('begun');
      await cut.close();
      await assert.rejects(inFile(path), /is being moved/);
      const schema = newSchema();
      await moved(await fileToLeave(path, ''), databaseToFill(database(schema)));
      const outbox = await inDatabase(schema);
      assert.deepEqual(await contents(outbox), wanted);
      await outbox.close();
    });

    it('after everything was received only notes that it is done, from a file and from a database', async () => {
      const path = await filled();
      const schema = newSchema();
      const cut = await fileToLeave(path, '');
      const target = databaseToFill(database(schema));
      await cut.mark('begun');
      assert.equal(await target.contents(), undefined);
      await target.receive(cut);
      await cut.close();
      await target.close();
      assert.equal(await moved(await fileToLeave(path, ''), databaseToFill(database(schema))), STORED.length);
      await assert.rejects(inFile(path), /was moved to another one/);

      const back = newPath();
      const cutAgain = await databaseToLeave(database(schema));
      await cutAgain.mark('begun');
      await fileToFill(back, '').receive(cutAgain);
      await cutAgain.close();
      await assert.rejects(inDatabase(schema), /is being moved/);
      assert.equal(await moved(await databaseToLeave(database(schema)), fileToFill(back, '')), STORED.length);
      await assert.rejects(inDatabase(schema), /was moved to another one/);
      const outbox = await inFile(back);
      assert.equal((await outbox.counts('c')).queued, 5);
      await outbox.close();
    });

    it('is cancelled only where the new outbox has not received everything', async () => {
      const path = await filled();
      const schema = newSchema();
      const cut = await fileToLeave(path, '');
      const target = databaseToFill(database(schema));
      await cut.mark('begun');
      await cancelMove(cut, target);
      await cut.mark('begun');
      await target.receive(cut);
      await assert.rejects(cancelMove(cut, target), /send every message a second time/);
      await cut.close();
      await target.close();
      await assert.rejects(inFile(path), /is being moved/);
    });

    it('says so where nobody can know whether everything was received', async () => {
      const path = await filled();
      const schema = newSchema();
      const source = await fileToLeave(path, '');
      const real = databaseToFill(database(schema));
      let asked = 0;
      const lost: MoveTarget = {
        contents: () => (++asked > 2 ? Promise.reject(new Error('gone')) : real.contents()),
        receive: async (from) => {
          await real.receive(from);
          throw new Error('The answer was lost.');
        },
        close: () => real.close(),
      };
      await assert.rejects(moved(source, lost), /not known whether the new outbox has received everything/);
      await assert.rejects(inFile(path), /is being moved/);
      const count = await moved(await fileToLeave(path, ''), databaseToFill(database(schema)));
      assert.equal(count, STORED.length);
    });

    it('in the middle of being received leaves nothing behind in the target', async () => {
      const path = await filled();
      const schema = newSchema();
      const source = await fileToLeave(path, '');
      const broken: MoveSource = {
        secret: source.secret,
        wasBegun: false,
        mark: (state) => source.mark(state),
        unmark: () => source.unmark(),
        eachMessages: (take) => source.eachMessages(take),
        eachQueues: () => Promise.reject(new Error('cut')),
        runs: () => source.runs(),
        eachItems: (take) => source.eachItems(take),
        eachLetters: (take) => source.eachLetters(take),
        pauses: () => source.pauses(),
        trail: () => source.trail(),
        close: () => source.close(),
      };
      await assert.rejects(moved(broken, databaseToFill(database(schema))), /cut/);
      assert.equal(postgres.sql(`SELECT count(*) FROM ${schema}.message`).trim(), '0');
      const file = newPath();
      const again = await fileToLeave(path, '');
      const brokenAgain = { ...broken, mark: async () => undefined, unmark: async () => undefined };
      const from = {
        ...brokenAgain,
        eachMessages: again.eachMessages.bind(again),
        close: () => again.close(),
      };
      await assert.rejects(moved(from, fileToFill(file, '')), /cut/);
      assert.ok(!existsSync(file));
      const outbox = await inFile(path);
      assert.equal((await outbox.counts('c')).queued, 5);
      await outbox.close();
    });
  });

  describe('by the command', () => {
    const run = (args: readonly string[], env: Record<string, string> = {}) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, PKB_OUTBOX_URL: postgres.url, ...env },
      });
      return { status, said: stdout + stderr };
    };

    it('moves, and moves back; says how many, and what to do now', async () => {
      const path = await filled('key');
      const schema = { PKB_OUTBOX_SCHEMA: newSchema(), PKB_OUTBOX_KEY: 'key' };
      const there = run(['move', '--from', path, '--to', 'postgres'], { ...schema, PKB_OUTBOX_NEW_KEY: '' });
      assert.deepEqual(
        [there.status, /Moved 10 messages\. Now choose/.test(there.said)],
        [0, true],
        there.said,
      );
      const listed = run(['status'], schema);
      assert.match(listed.said, /c: 5 pending/);
      const back = run(['move', '--from', 'postgres', '--to', 'back.sqlite'], {
        ...schema,
        PKB_OUTBOX_KEY: '',
        PKB_OUTBOX_NEW_KEY: 'new',
      });
      assert.equal(back.status, 0, back.said);
      const outbox = await inFile(join(folder, 'back.sqlite'), 'new');
      assert.equal((await outbox.counts('c')).queued, 5);
      await outbox.close();
    });

    it('cancels a move that was cut off', async () => {
      const path = await filled();
      const cut = await fileToLeave(path, '');
      await cut.mark('begun');
      await cut.close();
      const env = { PKB_OUTBOX_SCHEMA: newSchema() };
      const done = run(['move', '--from', path, '--to', 'postgres', '--cancel'], env);
      assert.equal(done.status, 0, done.said);
      await (await inFile(path)).close();
      assert.equal(run(['move', '--from', path, '--cancel', '--force'], { PKB_OUTBOX_URL: '' }).status, 0);
      await (await inFile(path)).close();
    });

    it('says how it is called, and what is missing', () => {
      for (const args of [
        [],
        ['move'],
        ['move', '--from', 'x'],
        ['move', '--from', 'x', '--to', 'y'],
        ['move', '--from', 'postgres', '--to', 'postgres'],
        ['status', '--from', 'x'],
        ['status', 'more'],
        ['move', '--fro', 'x'],
        ['move', '--from', 'x', '--cancel'],
        ['move', '--from', 'x', '--to', 'postgres', '--force'],
      ]) {
        const { status, said } = run(args);
        assert.deepEqual([status, said.startsWith('usage:')], [2, true], args.join(' '));
      }
      const { status, said } = run(['status'], { PKB_OUTBOX_URL: '' });
      assert.deepEqual([status, /Set PKB_OUTBOX_URL/.test(said)], [2, true]);
    });
  });
});
