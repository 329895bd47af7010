import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import sinon from 'sinon';
import { MIGRATIONS } from '../../../../src/delivery/outbox/sqlite/schema.js';
import type { SettledMessage } from '../../../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../../../src/delivery/outbox/messages.js';
import { SqliteStore } from '../../../../src/delivery/outbox/sqlite/store.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { until } from '../../../support/wait.js';

const PERSON = { override: false, byPerson: true } as const;

const NOW = 1_000_000;
const ATTEMPT = { at: NOW, outcome: 'accepted', reason: '', counts: false } as const;
const SECRET = 'MARKER-4711';
/** For other processes, which do not read TypeScript. */
const BUILT = join(__dirname, '../../../../dist/src/delivery/outbox/sqlite/store.js');

const message = (controlId: string): NewMessage =>
  newMessage(controlId, {
    address: 'simulator',
    body: stamped(controlId, { more: `NTE|1||${SECRET}\r` }),
    carried: JSON.stringify({ secret: SECRET }),
    storedAt: NOW,
  });

async function settle(outbox: SqliteStore): Promise<SettledMessage> {
  const [taken] = await outbox.take('c', NOW, 1, []);
  assert.ok(taken);
  const outcome = {
    outcome: 'accepted',
    code: 'AA',
    controlId: taken.controlId,
    text: SECRET,
    ack: SECRET,
  } as const;
  const settled: SettledMessage = {
    message: { ...taken, attempts: 1 },
    state: 'accepted',
    outcome,
    expired: false,
  };
  await outbox.settle(settled, ATTEMPT, false);
  return settled;
}

describe('the embedded outbox', () => {
  let folder: string;
  let path: string;
  const open = (
    more: { encryptionKey?: string; retentionMs?: number; now?: () => number } = {},
  ): Promise<SqliteStore> => SqliteStore.open({ path, retentionMs: 1e9, now: () => NOW, ...more });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pkb-sqlite-'));
    path = join(folder, 'outbox.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Everything in the folder, as bytes. */
  const bytes = (): string =>
    readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'latin1'))
      .join('');

  it('keeps everything over a close: messages, order, what was not told, and its secret', async () => {
    const first = await open();
    for (const id of ['1', '2', '3']) await first.add(message(id));
    const settled = await settle(first);
    await first.take('c', NOW, 1, []);
    const { secret } = first;
    await first.close();
    const second = await open();
    assert.ok(second.secret.equals(secret));
    assert.deepEqual(await second.untold('c', 's'), [settled]);
    assert.equal(
      (await second.take('c', NOW, 1, []))[0]?.controlId,
      '2',
      'what was in flight is sent again, before what follows',
    );
    assert.deepEqual(await second.counts('c'), { queued: 2, held: 0 });
    await second.close();
  });

  it('refuses what comes while or after it is closed, loses nothing it has taken, and ends no process', async () => {
    const outbox = await open();
    const taken = outbox.add(message('1'));
    const closing = outbox.close();
    const during = outbox.add(message('2')).then(
      () => true,
      () => false,
    );
    await Promise.all([taken, closing]);
    await assert.rejects(outbox.add(message('3')), { code: 'PKB_OUTBOX', message: /closed/ });
    await outbox.told(1);
    const again = await open();
    assert.deepEqual(await again.counts('c'), { queued: (await during) ? 2 : 1, held: 0 });
    await again.close();
  });

  it('is readable by its owner only', async () => {
    const outbox = await open();
    await outbox.add(message('1'));
    for (const file of readdirSync(folder))
      assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
    await outbox.close();
  });

  it('syncs the disk once for messages that arrive together, and at least once for each that comes alone', async function () {
    try {
      execFileSync('strace', ['-V'], { stdio: 'ignore' });
    } catch {
      console.log('      strace is not installed: not run.');
      return this.skip();
    }
    const script = join(folder, 'run.cts');
    writeFileSync(
      script,
      `const { SqliteStore } = require(${JSON.stringify(BUILT)});
       const { writeSync } = require('node:fs');
       const message = ${JSON.stringify(message('1'))};
       (async () => {
         const outbox = await SqliteStore.open({ path: ${JSON.stringify(path)}, retentionMs: 1e9 });
         writeSync(1, 'BEGIN-ALONE');
         for (let n = 0; n < 20; n++) { await outbox.add(message); writeSync(1, 'ACKNOWLEDGED'); }
         writeSync(1, 'BEGIN-TOGETHER');
         await Promise.all(Array.from({ length: 200 }, () => outbox.add(message)));
         writeSync(1, 'END');
       })();`,
    );
    const trace = join(folder, 'trace');
    execFileSync(
      'strace',
      ['-f', '-o', trace, '-e', 'trace=fsync,fdatasync,write', process.execPath, script],
      { stdio: 'ignore' },
    );
    const lines = readFileSync(trace, 'utf8').split('\n');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    let synced = 0;
    for (const line of lines.slice(at('BEGIN-ALONE'), at('BEGIN-TOGETHER'))) {
      if (/f(?:data)?sync\(.*= 0/.test(line)) synced++;
      if (!line.includes('ACKNOWLEDGED')) continue;
      assert.ok(synced > 0, 'a message was acknowledged before the disk was synced');
      synced = 0;
    }
    const together = lines
      .slice(at('BEGIN-TOGETHER'), at('"END"'))
      .filter((line) => /f(?:data)?sync\(.*= 0/.test(line));
    assert.ok(together.length >= 1 && together.length <= 5, `${together.length} syncs for 200 messages`);
  });

  it('erases bodies when their time is over, so that nothing of them is left in the file', async () => {
    let now = NOW;
    const outbox = await open({ retentionMs: 1000, now: () => now });
    await outbox.add(message('1'));
    const settled = await settle(outbox);
    await outbox.told(settled.message.id);
    await outbox.close();
    assert.ok(bytes().includes(SECRET));
    now += 2000;
    await (await open({ retentionMs: 1000, now: () => now })).close();
    assert.ok(!bytes().includes(SECRET));
  });

  it('erases at once with a retention of 0, when the flow has been told', async () => {
    const outbox = await open({ retentionMs: 0 });
    await outbox.add(message('1'));
    const settled = await settle(outbox);
    assert.equal((await outbox.untold('c', 's')).length, 1);
    await outbox.told(settled.message.id);
    await outbox.close();
    assert.ok(!bytes().includes(SECRET));
    const row = new DatabaseSync(path).prepare('SELECT control_id, state FROM message').get();
    assert.deepEqual({ ...row }, { control_id: '1', state: 'accepted' });
  });

  it('encrypts bodies, what was carried, and answers', async () => {
    const outbox = await open({ encryptionKey: 'correct' });
    await outbox.add(message('1'));
    await settle(outbox);
    await outbox.add(message('2'));
    await outbox.close();
    assert.ok(!bytes().includes(SECRET));
    const again = await open({ encryptionKey: 'correct' });
    assert.equal((await again.take('c', NOW, 1, []))[0]?.body, message('2').body);
    await again.close();
  });

  it('refuses a wrong or a missing key, and leaves the file as it is', async () => {
    const outbox = await open({ encryptionKey: 'correct' });
    await outbox.add(message('1'));
    await outbox.close();
    for (const encryptionKey of ['wrong', '']) {
      await assert.rejects(open({ encryptionKey }), { code: 'PKB_OUTBOX', message: /another key/ });
    }
    await (await open({ encryptionKey: 'correct' })).close();
  });

  it('hides secret and IDs, too, so that trying all NHS numbers finds nothing', async () => {
    const outbox = await open({ encryptionKey: 'correct' });
    const ids = { controlId: 'CONTROL-1', facility: 'SECRETTRUST{SECRETTRUST}' };
    const dataPoint = { field: 'TXA-12.1', id: 'LETTER-1', owner: 'kept' } as const;
    await outbox.add({ ...message('1'), ...ids, dataPoint, messageType: 'MDM^T02' });
    const { secret } = outbox;
    await outbox.close();
    for (const text of ['CONTROL-1', 'SECRETTRUST', 'LETTER-1', secret.export().toString('latin1')])
      assert.ok(!bytes().includes(text), text);
    const again = await open({ encryptionKey: 'correct' });
    assert.ok(again.secret.equals(secret));
    const [taken] = await again.take('c', NOW, 1, ['other{other}']);
    assert.deepEqual(
      [taken?.controlId, taken?.facility, taken?.dataPoint],
      [ids.controlId, ids.facility, dataPoint],
    );
    await again.giveBack(taken?.id ?? 0);
    assert.deepEqual(await again.take('c', NOW, 1, [ids.facility]), []);
    await again.close();
  });

  for (const [what, sql] of [
    [
      'of one message in the place of another’s',
      'UPDATE text SET body = (SELECT body FROM text WHERE message = 2) WHERE message = 1',
    ],
    ['carried in the place of a body', 'UPDATE text SET body = carried WHERE message = 1'],
    ['of plain text', `UPDATE text SET body = x'004d5348' WHERE message = 1`],
    [
      'of an identity of another message',
      'UPDATE message SET identity = (SELECT identity FROM message WHERE id = 2) WHERE id = 1',
    ],
  ] as const) {
    it(`does not take a value ${what}, in an encrypted file`, async () => {
      const first = await open({ encryptionKey: 'correct' });
      await first.add({ ...message('1'), orderKey: 'a' });
      await first.add({ ...message('2'), orderKey: 'b' });
      await first.close();
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
      const outbox = await open({ encryptionKey: 'correct' });
      await assert.rejects(outbox.take('c', NOW, 1, []), { code: 'PKB_OUTBOX' });
      assert.equal((await outbox.take('c', NOW, 1, []))[0]?.controlId, '2');
      await outbox.close();
    });
  }

  it('seals everything anew when it is given a key, and leaves nothing plain behind', async () => {
    const plain = await open();
    const long = stamped('2', { more: `NTE|1||${`${SECRET} `.repeat(100_000)}\r` });
    await plain.add(message('1'));
    await settle(plain);
    await plain.add({ ...message('2'), body: long });
    const item = {
      run: `run ${SECRET}`,
      key: 'k',
      referenceKey: 'r',
      position: 0,
      content: 'c',
      reference: `of ${SECRET}`,
    };
    await plain.addItem(message('3'), item);
    const letter = {
      watcher: 'w',
      key: 'k',
      controlId: '3',
      facility: 'trustalias',
      documentId: SECRET,
      reference: `of ${SECRET}`,
      organisation: '',
      nhsNumber: '',
      carried: JSON.stringify({ SECRET }),
      deadline: NOW,
      nextAsk: NOW,
      at: NOW,
    };
    await plain.letters.watch([letter]);
    const { secret } = plain;
    await plain.close();
    assert.ok(bytes().includes(SECRET) && bytes().includes('trustalias'));
    const keyed = await open({ encryptionKey: 'correct' });
    assert.equal((await keyed.untold('c', 's'))[0]?.message.controlId, '1');
    assert.equal((await keyed.take('c', NOW, 1, []))[0]?.body, long);
    assert.equal((await keyed.runs.one(item.run))?.name, item.run);
    assert.equal((await keyed.runs.items(item.run, 0, 9))[0]?.reference, item.reference);
    const [found] = await keyed.letters.find('w', { documentId: SECRET });
    assert.deepEqual(found, { ...letter, id: found?.id });
    assert.ok('same' in (await keyed.addItem(message('4'), item)));
    await keyed.close();
    for (const text of [SECRET, 'trustalias', secret.export().toString('latin1')])
      assert.ok(!bytes().includes(text), text.slice(0, 20));
  });

  it('can be given a key later', async () => {
    const plain = await open();
    await plain.add(message('1'));
    await plain.close();
    const keyed = await open({ encryptionKey: 'correct' });
    assert.equal((await keyed.take('c', NOW, 1, []))[0]?.body, message('1').body);
    await keyed.close();
    await assert.rejects(open(), { code: 'PKB_OUTBOX' });
  });

  describe('a file that is not ours', () => {
    const foreign: [string, () => void][] = [
      ['settings of a program', () => writeFileSync(path, 'module.exports = { uiPort: 1880 };')],
      [
        'a long text',
        () => writeFileSync(path, 'this is no database, but long enough to be one'.repeat(100)),
      ],
      [
        'another program’s database',
        () => {
          const db = new DatabaseSync(path);
          db.exec('CREATE TABLE theirs (value TEXT); INSERT INTO theirs VALUES (1)');
          db.close();
        },
      ],
      [
        'another program’s database with an application id',
        () => {
          const db = new DatabaseSync(path);
          db.exec('PRAGMA application_id = 42; CREATE TABLE message (value TEXT)');
          db.close();
        },
      ],
    ];
    for (const [what, make] of foreign) {
      it(`is refused and left untouched: ${what}`, async () => {
        make();
        chmodSync(path, 0o644);
        const before = readFileSync(path);
        await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /another program’s/ });
        assert.deepEqual(readFileSync(path), before);
        assert.equal(statSync(path).mode & 0o777, 0o644);
        assert.deepEqual(readdirSync(folder), ['outbox.sqlite']);
      });
    }

    it('is not an empty one, nor one of which everything stands in the log', async () => {
      writeFileSync(path, '');
      await (await open()).close();
      const child = spawn(
        process.execPath,
        [
          '-e',
          `const { SqliteStore } = require(${JSON.stringify(BUILT)});
           SqliteStore.open({ path: ${JSON.stringify(join(folder, 'killed.sqlite'))}, retentionMs: 1e9 }).then(async (outbox) => {
             await outbox.add(${JSON.stringify(message('1'))}); process.kill(process.pid, 'SIGKILL'); });`,
        ],
        { stdio: 'ignore' },
      );
      await new Promise((resolve) => child.once('exit', resolve));
      path = join(folder, 'killed.sqlite');
      const outbox = await open();
      assert.equal((await outbox.take('c', NOW, 1, []))[0]?.controlId, '1');
      await outbox.close();
    });
  });

  it('sets a file aside whose pages are damaged', async () => {
    const outbox = await open();
    for (let n = 0; n < 300; n++) await outbox.add(message(`${n}`));
    await outbox.close();
    const content = readFileSync(path);
    content.fill(0x5a, 8192, 8192 + 4096 * 4);
    writeFileSync(path, content);
    const again = await open();
    assert.match(again.reports[0] ?? '', /damaged/);
    await again.close();
  });

  it('refuses a file of a newer version', async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /newer version/ });
    assert.ok(existsSync(path));
  });

  it('refuses a file that another process has open, and takes it when that process is killed', async () => {
    const script = `const { SqliteStore } = require(${JSON.stringify(BUILT)});
      SqliteStore.open({ path: ${JSON.stringify(path)}, retentionMs: 1e9 }).then(() => console.log('open')); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the other process has it open', () => output.includes('open'));
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /another Node-RED/ });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await (await open()).close();
  });

  it('cannot be opened twice, though code of the same process has opened and closed the file', async () => {
    const outbox = await open();
    await outbox.add(message('1'));
    // POSIX gives a process's locks up when it closes any descriptor of the file.
    readFileSync(path);
    const script = `const { SqliteStore } = require(${JSON.stringify(BUILT)});
      SqliteStore.open({ path: ${JSON.stringify(path)}, retentionMs: 1e9 }).then(() => console.log('opened'), (e) => console.log(e.message));`;
    const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
    assert.match(output, process.platform === 'darwin' ? /./ : /another Node-RED has the file open/);
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /another Node-RED/ });
    await outbox.close();
    await (await open()).close();
  });

  it('takes what was erased out of the log, too, while it is open', async () => {
    let now = NOW;
    const outbox = await open({ retentionMs: 1000, now: () => now });
    await outbox.add(message('1'));
    const settled = await settle(outbox);
    await outbox.told(settled.message.id);
    await outbox.close();
    now += 2000;
    const again = await open({ retentionMs: 1000, now: () => now });
    assert.ok(!bytes().includes(SECRET));
    await again.close();
  });

  it('erases accepted texts after their time though nobody is left to be told of them', async () => {
    let now = NOW;
    const outbox = await open({ retentionMs: 1000, now: () => now });
    await outbox.add(message('1'));
    await settle(outbox);
    await outbox.close();
    now += 2000;
    await (await open({ retentionMs: 1000, now: () => now })).close();
    assert.ok(bytes().includes(SECRET), 'a sender that comes back within a day is still told');
    now += 25 * 3_600_000;
    await (await open({ retentionMs: 1000, now: () => now })).close();
    assert.ok(!bytes().includes(SECRET));
  });

  it('removes damaged copies when their texts are past their time', async () => {
    await (await open()).close();
    const copy = `${path}.damaged-2020`;
    writeFileSync(copy, SECRET);
    await (await open({ now: () => Date.now() })).close();
    assert.ok(existsSync(copy));
    await (await open({ now: () => Date.now() + 91 * 24 * 3_600_000 })).close();
    assert.ok(!existsSync(copy));
  });

  it('refuses a folder that is not there or not writable', async () => {
    path = join(folder, 'missing/outbox.sqlite');
    await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /ENOENT/ });
  });

  it('refuses a folder and a file that the user may not write', () => {
    const readOnly = join(folder, 'read-only');
    mkdirSync(readOnly);
    writeFileSync(join(readOnly, 'theirs.sqlite'), '');
    chmodSync(join(readOnly, 'theirs.sqlite'), 0o444);
    chmodSync(readOnly, 0o555);
    chmodSync(folder, 0o755);
    const script = `const { SqliteStore } = require(process.argv[1]);
      (async () => { for (const path of process.argv.slice(2)) {
        try { await SqliteStore.open({ path, retentionMs: 0 }); console.log('opened'); }
        catch (error) { console.log(error.code, error.message); }
      } })()`;
    const paths = ['new.sqlite', 'theirs.sqlite'].map((file) => join(readOnly, file));
    // Root may write anywhere, so the attempt is made by nobody.
    const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const output = execFileSync(process.execPath, ['-e', script, BUILT, ...paths], {
      encoding: 'utf8',
      ...as,
    });
    assert.match(output, /^PKB_OUTBOX .*cannot be written \(EACCES\).*\nPKB_OUTBOX .*cannot be written \(E/);
  });

  it('refuses a network file system', async () => {
    const stub = sinon.stub(fs, 'statfsSync').returns({ type: 0x6969 } as never);
    try {
      await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /network file system \(NFS\)/ });
      stub.returns({ type: 0xff534d42 | 0 } as never);
      await assert.rejects(open(), { code: 'PKB_OUTBOX', message: /CIFS/ });
    } finally {
      stub.restore();
    }
  });

  describe('when somebody touches the file under it', () => {
    const ids = async (outbox: SqliteStore): Promise<string[]> => {
      const found: string[] = [];
      for (;;) {
        const [taken] = await outbox.take('c', NOW, 1, []);
        if (taken === undefined) return found;
        found.push(taken.controlId);
        assert.equal(taken.body, message(taken.controlId).body);
        const outcome = { outcome: 'accepted', code: 'AA', controlId: '', text: '', ack: '' } as const;
        await outbox.settle({ message: taken, state: 'accepted', outcome, expired: false }, ATTEMPT, false);
      }
    };
    /** Stores again what was refused, once, as a flow would. */
    const insist = async (outbox: SqliteStore, controlId: string): Promise<void> => {
      await assert.rejects(outbox.add(message(controlId)), {
        code: 'PKB_OUTBOX',
        message: /removed or replaced/,
      });
      await outbox.add(message(controlId));
    };

    for (const [what, damage] of [
      ['removes the file', () => rmSync(path)],
      ['removes the log', () => rmSync(`${path}-wal`)],
      ['removes both', () => [rmSync(path), rmSync(`${path}-wal`)]],
      ['moves the file away', () => renameSync(path, `${path}.backup`)],
      [
        'puts another one in its place',
        () => [writeFileSync(`${path}.x`, 'x'), renameSync(`${path}.x`, path)],
      ],
    ] as const) {
      it(`${what}: refuses one message, and keeps all that it had taken`, async () => {
        const outbox = await open();
        await outbox.add(message('1'));
        await outbox.add(message('2'));
        damage();
        await insist(outbox, '3');
        await outbox.add(message('4'));
        await outbox.close();
        const again = await open();
        assert.deepEqual(await ids(again), ['1', '2', '3', '4']);
        assert.equal(statSync(path).mode & 0o777, 0o600);
        await again.close();
        if (what.startsWith('puts')) assert.ok(readdirSync(folder).some((file) => file.includes('.found-')));
      });
    }

    it('removes the whole folder: takes nothing until it is back, and then has everything', async () => {
      const outbox = await open();
      await outbox.add(message('1'));
      rmSync(folder, { recursive: true });
      await assert.rejects(outbox.add(message('2')), { code: 'PKB_OUTBOX' });
      await assert.rejects(outbox.add(message('2')), { code: 'PKB_OUTBOX' });
      mkdirSync(folder);
      await insist(outbox, '2');
      await outbox.close();
      const again = await open();
      assert.deepEqual(await ids(again), ['1', '2']);
      await again.close();
    });
  });

  it('gives out what a clock that was set back since has put off for longer than anything waits', async () => {
    const outbox = await open();
    const id = await outbox.add(message('1'));
    await outbox.take('c', NOW, 1, []);
    await outbox.postpone(id, NOW + 5000, { ...ATTEMPT, outcome: 'busy' });
    assert.deepEqual(await outbox.take('c', NOW, 1, []), []);
    const anHourEarlier = NOW - 3_600_000;
    assert.equal((await outbox.take('c', anHourEarlier, 1, []))[0]?.id, id);
    await outbox.close();
  });

  it('opens a file of the first version, with messages in every state', async () => {
    const db = new DatabaseSync(path);
    db.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    const insert = db.prepare(
      `INSERT INTO message (connection, sender, order_key, control_id, message_type, body, carried, result, hold, stored_at,
        settled_at, state, told, head, due, turn, attempts, unclear)
       VALUES ('c', 's', ?, ?, 'ADT^A28', ?, ?, ?, 0, ${NOW}, ?, ?, ?, ?, 0, 1, 1, 0)`,
    );
    const plain = (text: string): Buffer => Buffer.concat([Buffer.from([0]), Buffer.from(text)]);
    const row = (key: string, id: string, state: string, told: number | null, head: number): void => {
      const result =
        state === 'queued' ? null : plain(JSON.stringify({ outcome: state, code: 'AR', text: 'why' }));
      insert.run(
        key,
        id,
        plain(message(id).body),
        plain('{}'),
        result,
        state === 'queued' ? null : NOW,
        state,
        told,
        head,
      );
    };
    row('one', 'waiting', 'queued', null, 1);
    row('one', 'behind', 'queued', null, 0);
    row('two', 'untold', 'accepted', 0, 0);
    row('three', 'rejected', 'rejected', 1, 0);
    row('held', 'cause', 'rejected', 1, 0);
    row('held', 'parked', 'queued', null, 0);
    db.exec(`INSERT INTO held (connection, order_key) VALUES ('c', 'held')`);
    db.close();

    const outbox = await open();
    assert.deepEqual(
      (await outbox.untold('c', 's')).map(({ message: { controlId } }) => controlId),
      ['untold'],
    );
    const failed = await outbox.failed('c', 's', 10);
    assert.deepEqual(
      failed.map(({ controlId, reason }) => [controlId, reason]),
      [
        ['cause', 'AR: why'],
        ['rejected', 'AR: why'],
      ],
    );
    assert.equal((await settle(outbox)).message.controlId, 'waiting');
    assert.equal((await settle(outbox)).message.controlId, 'behind');
    assert.deepEqual(await outbox.take('c', NOW, 1, []), []);
    const [cause, rejected] = failed;
    assert.ok(cause && rejected);
    const found = await outbox.findFailed('c', rejected);
    assert.ok(found);
    assert.equal(await outbox.replay(rejected, found, PERSON), 'queued');
    assert.equal((await settle(outbox)).message.controlId, 'rejected');
    const held = await outbox.findFailed('c', cause);
    assert.ok(held);
    assert.equal(await outbox.replay(cause, held, PERSON), 'queued');
    assert.equal((await settle(outbox)).message.controlId, 'cause');
    assert.equal((await settle(outbox)).message.controlId, 'parked');
    await outbox.close();
  });

  it('refuses to put an old version back over one from before an update, too', async () => {
    const db = new DatabaseSync(path);
    db.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    const insert = db.prepare(
      `INSERT INTO message (connection, sender, order_key, control_id, message_type, data_point_field, data_point_id, data_point_owner,
        body, carried, hold, stored_at, settled_at, state, told, head, due, turn, attempts, unclear)
       VALUES ('c', 's', 'one', ?, 'MDM^T02', 'TXA-12.1', 'D', 'kept', ?, ?, 0, ${NOW}, ${NOW}, 'rejected', 1, 0, 0, 1, 1, 0)`,
    );
    const plain = (text: string): Buffer => Buffer.concat([Buffer.from([0]), Buffer.from(text)]);
    insert.run('old', plain(message('old').body), plain('{}'));
    db.close();
    const outbox = await open();
    const letter = {
      messageType: 'MDM^T02',
      dataPoint: { field: 'TXA-12.1', id: 'D', owner: 'kept' },
    } as const;
    await outbox.add({ ...message('new'), ...letter });
    await settle(outbox);
    const [failed] = await outbox.failed('c', 's', 1);
    assert.ok(failed);
    const found = await outbox.findFailed('c', failed);
    assert.ok(found);
    assert.equal(await outbox.replay(failed, found, PERSON), 'superseded');
    await outbox.close();
  });

  for (const [what, sql] of [
    ['cannot be opened', `UPDATE text SET body = x'01ff' WHERE message = 1`],
    ['lacks a part', 'DELETE FROM part WHERE message = 1 AND n = 1'],
    ['is missing', 'DELETE FROM text WHERE message = 1'],
  ] as const) {
    it(`sends nothing of a message whose text ${what}, says so once, and goes on with the next`, async () => {
      const first = await open();
      await first.add({ ...message('1'), body: stamped('1', { more: `NTE|1||${'x'.repeat(1_500_000)}\r` }) });
      await first.add(message('2'));
      await first.close();
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
      const outbox = await open();
      await assert.rejects(outbox.take('c', NOW, 1, []), { code: 'PKB_OUTBOX' });
      assert.equal((await settle(outbox)).message.controlId, '2');
      const [failed] = await outbox.failed('c', 's', 1);
      assert.deepEqual([failed?.controlId, failed?.state], ['1', 'undeliverable']);
      await outbox.close();
    });
  }

  it('leaves nothing of a text behind when its record is deleted after a year, told or not', async () => {
    let now = NOW;
    const first = await open({ now: () => now });
    await first.add({
      ...message('1'),
      body: stamped('1', { more: `NTE|1||${`${SECRET} `.repeat(100_000)}\r` }),
    });
    await settle(first);
    await first.close();
    now += 400 * 24 * 3_600_000;
    const again = await open({ now: () => now });
    await again.close();
    assert.ok(!bytes().includes(SECRET));
  });

  describe('the size of the file', () => {
    const size = (): number => statSync(path).size;
    const body = stamped('1', { more: `NTE|1||${'x'.repeat(10_000)}\r` });

    it('does not grow with what is sent and erased', async () => {
      const outbox = await open({ retentionMs: 0 });
      let grown = 0;
      for (let round = 0; round < 10; round++) {
        const added = Array.from({ length: 200 }, (_, n) =>
          outbox.add({ ...message(`${round}-${n}`), orderKey: `${n}`, body }),
        );
        await Promise.all(added);
        for (let n = 0; n < 200; n++) await outbox.told((await settle(outbox)).message.id);
        if (round === 2) grown = size();
      }
      await outbox.close();
      assert.ok(
        size() < grown * 1.2 + 1e6,
        `${grown} bytes after 600 messages of 10 kB, ${size()} after 2,000`,
      );
    });

    it('shrinks again after a backlog, a little at a time, while it works', async () => {
      let now = NOW;
      const first = await open({ now: () => now });
      await Promise.all(
        Array.from({ length: 2000 }, (_, n) => first.add({ ...message(`${n}`), orderKey: `${n}`, body })),
      );
      for (let n = 0; n < 2000; n++) await first.told((await settle(first)).message.id);
      await first.close();
      const full = size();
      now += 2e9;
      const outbox = await open({ now: () => now });
      await until('the file is smaller', () => size() < full * 0.6);
      assert.ok(full > 2e7, `${full} bytes`);
      await outbox.add(message('works'));
      await outbox.close();
    });
  });

  it('takes nothing it cannot write, and says that the disk is full', async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.close();
    const outbox = await open();
    // SQLite's own limit stands in for a full disk: it fails in the same place with the same code.
    outbox.limitPages(pages + 8);
    let taken = 0;
    await assert.rejects(
      async () => {
        for (; taken < 1000; taken++) await outbox.add(message(`${taken}`));
      },
      { code: 'PKB_OUTBOX', message: /disk is full/ },
    );
    assert.deepEqual(await outbox.counts('c'), { queued: taken, held: 0 });
    await outbox.close();
    const again = await open();
    assert.deepEqual(await again.counts('c'), { queued: taken, held: 0 });
    await again.close();
  });
});
