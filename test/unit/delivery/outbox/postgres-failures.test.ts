/** The outbox in PostgreSQL where the way to the database, or its disk, is the fault. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TakenOver } from '../../../../src/delivery/outbox/contract.js';
import type { NewMessage } from '../../../../src/delivery/outbox/messages.js';
import {
  PostgresOutbox,
  type PostgresOptions,
} from '../../../../src/delivery/outbox/postgres/postgres-outbox.js';
import { authority, certificate } from '../../../support/certificates.js';
import { stamped } from '../../../support/messages.js';
import { newMessage } from '../../../support/outbox-messages.js';
import { type Postgres, postgresFolder, startPostgres } from '../../../support/postgres.js';
import { until } from '../../../support/wait.js';

const TIMES = { leaseMs: 1500, renewMs: 300, marginMs: 500 };

const message = (controlId: string, orderKey = controlId, more = ''): NewMessage =>
  newMessage(controlId, { orderKey, body: stamped(controlId, { more }), storedAt: 1000 });

const open = (connectionString: string, more: Partial<PostgresOptions> = {}): Promise<PostgresOutbox> =>
  PostgresOutbox.open({ connectionString, retentionMs: 1e13, times: TIMES, ...more });

/** A way to the database that can be made to say nothing, without being cut. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isSilent = false;
  #cutAfter = '';
  /** How often an answer was cut off. */
  cuts = 0;

  constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      if (!this.#isSilent) near.pipe(far).pipe(near);
      near.on('data', (asked: Buffer) => {
        if (this.#cutAfter === '' || !asked.includes(this.#cutAfter)) return;
        this.#cutAfter = '';
        this.cuts++;
        // The server does what it was asked; its answer goes nowhere.
        far.unpipe(near);
        far.once('data', () => near.destroy());
        far.resume();
      });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => [near, far].forEach((one) => one.destroy()));
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as { port: number };
    return `postgresql://pkb@127.0.0.1:${port}/postgres`;
  }

  /** Cuts the connection once, instead of passing on the answer to a statement. */
  cutAfter(statement: string): void {
    this.#cutAfter = statement;
  }

  /** From now on nothing is passed on, of new connections either. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('the outbox in PostgreSQL and what lies between', function () {
  this.timeout(120_000);
  if (postgresFolder === undefined) {
    it('is tried where there is a PostgreSQL (not run)');
    return;
  }

  describe('over TLS', () => {
    let folder: string;
    let postgres: Postgres;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'pkb-tls-'));
      const ca = await authority();
      const other = await authority('Another authority');
      const pair = await certificate(ca, 'localhost');
      writeFileSync(join(folder, 'ca.pem'), ca.cert);
      writeFileSync(join(folder, 'other.pem'), other.cert);
      writeFileSync(join(folder, 'server.pem'), pair.cert);
      writeFileSync(join(folder, 'server.key'), pair.key, { mode: 0o600 });
      // PostgreSQL runs as nobody where the test is root, and wants a key of its own.
      if (process.getuid?.() === 0)
        for (const name of ['', 'server.pem', 'server.key']) chownSync(join(folder, name), 65_534, 65_534);
      postgres = await startPostgres(
        'ssl=on',
        `ssl_cert_file=${join(folder, 'server.pem')}`,
        `ssl_key_file=${join(folder, 'server.key')}`,
      );
    });
    after(async () => {
      await postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const at = (host: string, ca: string): string =>
      `postgresql://pkb@${host}:${postgres.port}/postgres?sslmode=verify-full&sslrootcert=${join(folder, ca)}`;

    it('is encrypted, and its certificate checked', async () => {
      const outbox = await open(at('localhost', 'ca.pem'));
      await outbox.add(message('1'));
      const all = postgres.sql(`SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl
        JOIN pg_stat_activity USING (pid) WHERE client_port > 0 AND query NOT LIKE '%pg_stat_ssl%'`);
      const [encrypted, connections] = all.trim().split('|');
      assert.ok(Number(encrypted) >= 2 && encrypted === connections, all);
      await outbox.close();
    });

    for (const [what, url] of [
      ['of an authority that is not trusted', () => at('localhost', 'other.pem')],
      ['of another host', () => at('127.0.0.1', 'ca.pem')],
    ] as const) {
      it(`says what to do about a certificate ${what}`, async () => {
        await assert.rejects(open(url()), { code: 'PKB_OUTBOX', message: /certificate.*sslrootcert/ });
      });
    }

    it('says what is wrong with a file of authorities that is not there', async () => {
      await assert.rejects(open(at('localhost', 'missing.pem')), {
        code: 'PKB_OUTBOX',
        message: /sslrootcert/,
      });
    });

    it('says that a server speaks no TLS', async () => {
      const plain = await startPostgres();
      const url = `postgresql://pkb@127.0.0.1:${plain.port}/postgres?sslmode=verify-full`;
      await assert.rejects(open(url), { code: 'PKB_OUTBOX', message: /TLS/ });
      await plain.stop();
    });
  });

  describe('of one server', () => {
    let postgres: Postgres;
    before(async () => {
      postgres = await startPostgres();
    });
    after(() => postgres?.stop());

    it('ends requests of a sender whose renewals hang, lets another take over, and writes nothing late', async () => {
      const wire = new Wire(postgres.port);
      const a = await open(await wire.open(), { schema: 'hangs' });
      const b = await open(postgres.url, { schema: 'hangs' });
      await a.add(message('1', 'x'));
      await a.add(message('2', 'x'));
      const [first] = await a.take('c', 2000, 1, []);
      const term = a.sharing.term('c');
      assert.ok(first && term);
      wire.silence();
      const late = a.settle(
        {
          message: { ...first, attempts: 1 },
          state: 'accepted',
          outcome: { outcome: 'accepted', code: 'AA', controlId: '1', text: '', ack: '' },
          expired: false,
        },
        { at: 1000, outcome: 'accepted', reason: '', counts: false },
        false,
      );
      const refused = assert.rejects(
        late,
        (error) => error instanceof TakenOver || /answer in time/.test(String(error)),
      );
      assert.equal(a.sharing.term('c'), term, 'it may still send');
      await until('its requests are ended', () => term.signal.aborted);
      assert.equal(a.sharing.term('c'), undefined);
      assert.deepEqual(await b.take('c', 2000, 1, []), [], 'the other waits for the end of the lease');
      await until('the other takes over', async () => (await b.take('c', 2000, 1, [])).length === 1);
      wire.close();
      await refused;
      const [row] = postgres.sql(`SELECT state FROM hangs.message ORDER BY position`).split('\n');
      assert.equal(row, 'queued');
      await Promise.all([a.close(), b.close()]);
    });

    it('stores once what was committed though the answer was cut off', async () => {
      const wire = new Wire(postgres.port);
      const outbox = await open(await wire.open(), { schema: 'cut' });
      await outbox.add(message('before'));
      wire.cutAfter('COMMIT');
      const ids = await Promise.all([outbox.add(message('1', 'x')), outbox.add(message('2', 'x'))]);
      assert.equal(wire.cuts, 1);
      const stored = postgres
        .sql('SELECT id FROM cut.message ORDER BY position')
        .trim()
        .split('\n')
        .map(Number);
      assert.deepEqual(stored.slice(1), ids);
      assert.deepEqual(await outbox.counts('c'), { queued: 3, held: 0 });
      await outbox.close();
      wire.close();
    });

    it('stores an item of a run once though the answer was cut off, and does not take it for a duplicate of itself', async () => {
      const wire = new Wire(postgres.port);
      const outbox = await open(await wire.open(), { schema: 'cut_items' });
      const item = (reference: string) => ({
        run: 'r',
        key: reference,
        referenceKey: reference,
        position: undefined,
        content: 'c',
        reference,
      });
      const first = await outbox.addItem(message('before'), item('before'));
      wire.cutAfter('COMMIT');
      const placed = await Promise.all(
        ['1', '2', 'before'].map((controlId) => outbox.addItem(message(controlId), item(controlId))),
      );
      assert.equal(wire.cuts, 1);
      assert.ok('id' in first);
      assert.deepEqual(
        placed.map((one) => ('id' in one ? 'stored' : one.same.id)),
        ['stored', 'stored', first.id],
      );
      assert.equal((await outbox.runs.one('r'))?.states.waiting, 3);
      assert.deepEqual(await outbox.counts('c'), { queued: 3, held: 0 });
      await outbox.close();
      wire.close();
    });

    it('refuses what does not fit on a full disk, keeps what was stored, and goes on when there is room', async function () {
      const disk = mkdtempSync(join(tmpdir(), 'pkb-disk-'));
      const mounted =
        spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=700,uid=65534', 'tmpfs', disk]).status === 0;
      if (!mounted) {
        rmSync(disk, { recursive: true, force: true });
        this.test!.title += ' (needs the right to mount a small disk, not run)';
        return;
      }
      try {
        const outbox = await open(postgres.url, { schema: 'small' });
        postgres.sql(`CREATE TABLESPACE small LOCATION '${disk}'`);
        for (const table of ['text', 'part']) postgres.sql(`ALTER TABLE small.${table} SET TABLESPACE small`);
        // Letters that do not shrink when they are compressed.
        const letter = (): string =>
          `OBX|1|ED|||${Array.from({ length: 8000 }, () => Math.random().toString(36).slice(2)).join('')}\r`;
        let stored = 0;
        const fill = async (): Promise<void> => {
          for (;;) {
            await outbox.add(message(`full-${stored}`, `${stored}`, letter()));
            stored++;
          }
        };
        await assert.rejects(fill(), { code: 'PKB_OUTBOX', message: /full disk/ });
        assert.ok(stored > 5, String(stored));
        assert.deepEqual(await outbox.counts('c'), { queued: stored, held: 0 });
        // What is stored can be sent, and its end written.
        const taken = await outbox.take('c', 2000, stored + 1, []);
        assert.equal(taken.length, stored);
        spawnSync('mount', ['-o', 'remount,size=64m', disk]);
        await outbox.add(message('again'));
        assert.deepEqual(await outbox.counts('c'), { queued: stored + 1, held: 0 });
        await outbox.close();
      } finally {
        postgres.sql('DROP SCHEMA IF EXISTS small CASCADE');
        postgres.sql('DROP TABLESPACE IF EXISTS small');
        spawnSync('umount', [disk]);
        rmSync(disk, { recursive: true, force: true });
      }
    });

    it('keeps IDs and names that are longer than an index may hold, and what is stored with them', async () => {
      const outbox = await open(postgres.url, { schema: 'longids' });
      const long = (): string =>
        Array.from({ length: 900 }, () => Math.random().toString(36).slice(2)).join('');
      const hostile = {
        ...message(long(), 'x'),
        facility: long(),
        dataPoint: { field: 'TXA-12.1', id: long(), owner: 'partner' },
      } as const;
      const ids = await Promise.all([outbox.add(hostile), outbox.add(message('beside'))]);
      const taken = await outbox.take('c', 2000, 5, []);
      assert.equal(taken.length, 2);
      for (const one of taken) {
        const outcome = {
          outcome: 'rejected',
          code: 'AR',
          controlId: one.controlId,
          text: '',
          ack: '',
        } as const;
        const settled = {
          message: { ...one, attempts: 1 },
          state: 'rejected',
          outcome,
          expired: false,
        } as const;
        await outbox.settle(
          settled,
          { at: Date.now(), outcome: 'rejected', reason: '', counts: false },
          false,
        );
      }
      const { controlId, dataPoint } = hostile;
      for (const filter of [{ controlId }, { dataPointId: dataPoint.id, connection: 'c' }])
        assert.deepEqual(
          (await outbox.list(filter, undefined, 5)).messages.map(({ id }) => id),
          [ids[0]],
        );
      const again = await outbox.replay({ id: ids[0], controlId }, hostile, {
        override: false,
        byPerson: true,
      });
      assert.equal(again, 'queued');
      await outbox.close();
    });

    it('takes an older schema to its version, and says so of one that it may not change', async () => {
      postgres.sql('CREATE SCHEMA older');
      postgres.sql('CREATE TABLE older.version (n integer NOT NULL)');
      postgres.sql('CREATE ROLE reader LOGIN');
      postgres.sql('GRANT USAGE ON SCHEMA older TO reader; GRANT ALL ON older.version TO reader');
      await assert.rejects(open(postgres.url.replace('pkb@', 'reader@'), { schema: 'older' }), {
        code: 'PKB_OUTBOX',
        message: /does not give this user the permissions/,
      });
      const outbox = await open(postgres.url, { schema: 'older' });
      await outbox.add(message('1'));
      await outbox.close();
      assert.equal(postgres.sql('SELECT max(n) > 0 FROM older.version').trim(), 't');
    });
  });
});
