/**
 * The embedded outbox: a file of Node.js's own SQLite, in which what was acknowledged survives a killed process and a power
 * cut. WAL with synchronous=FULL syncs the log once for every transaction (`group-commit.ts`). It runs in a thread of its
 * own (`thread.ts`), so that no sync stops Node-RED.
 *
 * States of a row, and what moves it on:
 *
 * - *queued* (pending): stored, not settled. One of each order key is its `head`, the next to be sent; a head is taken when
 *   it is due, and is then in flight, which only the process knows.
 * - *on hold*: queued, behind a rejected message of its order key (a row of `held`), so that the key has no head. `release`,
 *   or sending the rejected one once more, gives it one.
 * - *accepted, rejected, errored, undeliverable, discarded*: settled; first not told, then told. Sending once more makes a
 *   rejected, errored or undeliverable one queued again, in its old place.
 * - its texts are erased after their time (`kept` = 0), its row after a year.
 *
 * After a crash, messages in flight are queued again, because that state was never written. A transaction that was not
 * committed has no effect, and no caller was told that it had.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type {
  Addressed,
  Counts,
  FailedMessage,
  FailedReference,
  Outbox,
  Replayed,
  ReplayTerms,
  SettledMessage,
} from '../contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../messages.js';
import { storeName, unchangedError } from '../contract.js';
import type { EndedCount, MessageFilter, MessageLife, MessageList, Withdrawal } from '../ledger.js';
import { Bodies } from './bodies.js';
import { type BodyCipher, Hidden } from '../cipher.js';
import { Failures } from './failures.js';
import { openFile, removeDamagedCopies } from './file.js';
import { GroupCommit, type Write } from './group-commit.js';
import { KeyQueues } from './key-queues.js';
import { keysOf, readMeta, writeKeys, writeMeta } from './keys.js';
import { SqliteLedger } from './ledger.js';
import { SqliteLetters } from './letters.js';
import { SqliteRuns } from './runs.js';
import { type FileLock, lockFile } from './lock.js';
import { MOVED, refuseMoved } from '../move.js';
import { openPause, type Pause, pauseKey, sealPause } from '../pause.js';
import { AUDIT_MS, FAILED_MS, UNTOLD_MS } from '../retention.js';
import { COLUMNS, MessageRows, placeOfResult, WRITTEN } from '../message-row.js';
import { sealAnew } from './reseal.js';
import type { Row } from '../row.js';
import { LetterRows } from '../letter-rows.js';
import { RunRows } from '../run-rows.js';
import { Statements } from './statements.js';
import { readTrail, writeRecord } from './trail.js';
import type { TrailEntry, TrailRecord } from '../trail.js';
import type { Placed, RunItem } from '../runs.js';
import { WatchedFile } from './watched-file.js';

/** What an embedded outbox is opened with. */
export interface SqliteOptions {
  /** Absolute path of the file. */
  readonly path: string;
  /** How long bodies of accepted messages are kept, in milliseconds; 0 = erased as soon as the flow has been told. */
  readonly retentionMs: number;
  /** Password with which the file is encrypted; blank for none. */
  readonly encryptionKey?: string | undefined;
  /** Ids of messages that are in flight, where the file was open a moment ago. */
  readonly inFlight?: readonly number[];
  readonly now?: () => number;
}

/** Erasing is done a little at a time, so that sending goes on meanwhile. */
const SWEEP_MS = 3_600_000;
const SWEEP_AGAIN_MS = 200;
const SWEEP_MESSAGES = 200;
const SWEEP_ROWS = 20_000;
/** Pages of the file that stay free for what comes next; the rest is given back to the disk. */
const SPARE_PAGES = 2000;
const SWEEP_PAGES = 500;
/** What `PRAGMA auto_vacuum` says of a file that can be cut back. */
const INCREMENTAL = 2;

/** How long the note that a flow was told may wait for another write to go with. */
const TOLD_MS = 100;

const INSERT = `INSERT INTO message (id, connection, ${WRITTEN.join(', ')}, state, head, due, turn, attempts, unclear)
  VALUES (?, ?, ${WRITTEN.map(() => '?').join(', ')}, 'queued', ?, 0, ?, 0, 0)`;

/** Keeps messages in a file of this machine. */
export class SqliteStore implements Outbox {
  readonly durable = true;
  readonly secret: KeyObject;
  readonly name: string;
  /** What was found wrong and mended when it was opened, for a person to read. */
  readonly reports: readonly string[];
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #file: WatchedFile;
  readonly #sql: Statements;
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;
  readonly #rows: MessageRows;
  readonly #bodies: Bodies;
  readonly #commits: GroupCommit;
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #queues: KeyQueues;
  readonly #failures: Failures;
  readonly #ledger: SqliteLedger;
  readonly runs: SqliteRuns;
  readonly letters: SqliteLetters;
  /** The last id given; ids are chosen before their row is written, since its seals name it. */
  #lastId: number;
  /** Whether texts were erased that still stand in the log. */
  #erased = false;
  #sweeper: NodeJS.Timeout | undefined;
  readonly #toldIds = new Set<number>();
  #toldTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * Opens the file, and makes it where there is none.
   *
   * @throws PkbOutboxError `PKB_OUTBOX` where Node.js has no SQLite, the file cannot be opened or written, is no outbox, is
   *   open elsewhere, was written by a newer version, or the encryption key is not the one it was written with
   */
  static async open(options: SqliteOptions): Promise<SqliteStore> {
    const lock = await lockFile(options.path);
    try {
      return new SqliteStore(options, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private constructor(options: SqliteOptions, lock: FileLock) {
    this.#now = options.now ?? Date.now;
    this.#retentionMs = options.retentionMs;
    this.#path = options.path;
    this.#lock = lock;
    const { db, reports } = openFile(options.path);
    const sql = new Statements(db);
    this.#sql = sql;
    this.#file = new WatchedFile(options.path, sql);
    this.reports = reports;
    let more: boolean;
    try {
      refuseMoved(readMeta(sql, MOVED));
      const { cipher, secret, mustSeal } = keysOf(sql, options.encryptionKey ?? '');
      this.#cipher = cipher;
      this.secret = createSecretKey(secret);
      this.name = storeName(this.secret);
      this.#hidden = new Hidden(cipher.isKeyed ? this.secret : undefined);
      this.#rows = new MessageRows(cipher, this.#hidden, this.secret);
      if (mustSeal) this.#seal();
      this.#bodies = new Bodies(sql, cipher);
      this.#queues = new KeyQueues(sql);
      for (const id of options.inFlight ?? []) this.#queues.inFlight.add(id);
      const write: Write = (work) => this.#commits.write(work);
      const parts = { sql, cipher, hidden: this.#hidden, rows: this.#rows, bodies: this.#bodies };
      this.#failures = new Failures({ ...parts, queues: this.#queues });
      this.#ledger = new SqliteLedger({
        ...parts,
        queues: this.#queues,
        stored: (row) => this.#stored(row, false),
      });
      this.letters = new SqliteLetters({ ...parts, write });
      this.runs = new SqliteRuns({
        ...parts,
        write,
        insert: (message) => this.#insertUnlessRefused(message),
      });
      this.#lastId = Number(sql.get(`SELECT seq FROM sqlite_sequence WHERE name = 'message'`)?.['seq'] ?? 0);
      more = this.#sweep();
      this.#cleanLog();
    } catch (error) {
      sql.close();
      throw error;
    }
    this.#commits = new GroupCommit(sql, {
      ready: () => this.#file.mustBeThere(),
      first: () => this.#noteTold(),
      committed: () => this.#toldNoted(),
    });
    this.#sweepIn(more ? SWEEP_AGAIN_MS : SWEEP_MS);
  }

  async add(message: NewMessage): Promise<number> {
    // One that is refused must not undo those that are stored with it, so it is told by its result.
    const id = await this.#commits.write(() => this.#insertUnlessRefused(message));
    if (id === undefined) throw unchangedError();
    return id;
  }

  async addItem(message: NewMessage, item: RunItem): Promise<Placed> {
    const placed = await this.#commits.write(() => this.runs.add(message, item));
    if (placed === undefined) throw unchangedError();
    return placed;
  }

  /** @param isKnown whether the caller has the texts of a message already, so that they need not be read */
  async take(
    connection: string,
    now: number,
    most: number,
    except: readonly string[],
    isKnown: (id: number) => boolean = () => false,
  ): Promise<StoredMessage[]> {
    const hidden = except.map((facility) => this.#hidden.hide(facility));
    const taken: StoredMessage[] = [];
    for (const row of this.#queues.next(connection, now, most, hidden)) {
      try {
        taken.push(this.#stored(row, isKnown(Number(row['id']))));
      } catch (error) {
        await this.#setAside(row);
        // The others stay where they are for the next time.
        if (taken.length === 0) throw error;
        break;
      }
    }
    for (const { id } of taken) this.#queues.inFlight.add(id);
    return taken;
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { message, state, outcome, expired } = settled;
    await this.#commits.write(() => {
      this.#sql.run(
        `UPDATE message SET state = ?, head = 0, attempts = ?, settled_at = ?, told = 0, expired = ?, result = ? WHERE id = ?`,
        state,
        message.attempts,
        attempt.at,
        expired ? 1 : 0,
        this.#result(message.id, outcome),
        message.id,
      );
      this.#note(message.id, attempt);
      const { connection, orderKey } = message;
      if (hold) this.#queues.hold(connection, orderKey, message.id);
      else this.#queues.advance(connection, orderKey);
    });
    this.#queues.inFlight.delete(message.id);
  }

  async untold(connection: string, sender: string): Promise<SettledMessage[]> {
    const rows = this.#sql.all(
      `SELECT ${COLUMNS}, state, expired, result FROM message
        WHERE connection = ? AND sender = ? AND told = 0 AND kept = 1 ORDER BY id`,
      connection,
      sender,
    );
    const untold = rows.filter(({ id }) => !this.#toldIds.has(Number(id)));
    return untold.map((row) => ({
      message: this.#stored(row, false),
      state: row['state'] as SettledMessage['state'],
      outcome: this.#outcome(row),
      expired: row['expired'] === 1,
    }));
  }

  /** Noted with the next transaction, or soon: a crash before that only makes the flow hear of it again. */
  async told(id: number): Promise<void> {
    this.#toldIds.add(id);
    this.#toldTimer ??= setTimeout(() => {
      this.#toldTimer = undefined;
      this.#commits.write(() => undefined).catch(() => undefined);
    }, TOLD_MS);
  }

  async postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    await this.#commits.write(() => {
      this.#sql.run(
        'UPDATE message SET attempts = attempts + 1, unclear = unclear + ?, due = ?, turn = ? WHERE id = ?',
        attempt.counts ? 1 : 0,
        until,
        this.#queues.turn(),
        id,
      );
      this.#note(id, attempt);
    });
    this.#queues.inFlight.delete(id);
  }

  async giveBack(id: number): Promise<void> {
    this.#queues.inFlight.delete(id);
  }

  async nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    return this.#queues.nextDue(
      connection,
      except.map((facility) => this.#hidden.hide(facility)),
    );
  }

  async elsewhere(connection: string, address: string): Promise<Addressed[]> {
    // Earlier versions did not note the address; there was one, and it is taken to be this.
    const unknown = `UPDATE message SET address = ? WHERE connection = ? AND state = 'queued' AND (address IS NULL OR address = '')`;
    await this.#commits.write(() => this.#sql.run(unknown, address, connection));
    const rows = this.#sql.all(
      `SELECT address, count(*) AS n FROM message WHERE connection = ? AND state = 'queued' AND address <> ? GROUP BY address`,
      connection,
      address,
    );
    return rows.map((row) => ({ address: row['address'] as string, count: Number(row['n']) }));
  }

  readdress(connection: string, address: string): Promise<number> {
    const sql = `UPDATE message SET address = ? WHERE connection = ? AND state = 'queued' AND address <> ?`;
    return this.#commits.write(() => this.#sql.run(sql, address, connection, address).changes);
  }

  discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    return this.#commits.write(() => {
      const found = this.#sql.all(
        `SELECT id, order_key FROM message WHERE connection = ? AND state = 'queued' AND address <> ?`,
        connection,
        address,
      );
      for (const row of found) this.#discard(row, reason, at);
      for (const key of new Set(found.map(({ order_key: orderKey }) => orderKey as string)))
        this.#queues.chooseHead(connection, key);
      return found.length;
    });
  }

  release(connection: string, orderKey?: string): Promise<number> {
    return this.#commits.write(() => this.#queues.release(connection, orderKey));
  }

  async failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return this.#failures.list(connection, sender, most);
  }

  async findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    const row = this.#failures.find(connection, which);
    return row && this.#stored(row, false);
  }

  replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed> {
    return this.#commits.write(() => this.#failures.replay(which, message, terms));
  }

  list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList> {
    return this.#ledger.list(filter, before, most);
  }

  life(id: number): Promise<MessageLife | undefined> {
    return this.#ledger.life(id);
  }

  ended(since: number): Promise<EndedCount[]> {
    return this.#ledger.ended(since);
  }

  oldest(connection: string): Promise<number | undefined> {
    return this.#ledger.oldest(connection);
  }

  withdraw(id: number, reason: string, at: number): Promise<Withdrawal> {
    return this.#commits.write(() => {
      const row = this.#ledger.withdrawable(id);
      if (typeof row === 'string') return row;
      this.#discard(row, reason, at);
      // Another one's time to be sent again stays what it is.
      if (row['head'] === 1) this.#queues.advance(row['connection'] as string, row['order_key'] as string);
      return 'discarded';
    });
  }

  dismiss(ids: readonly number[]): Promise<number> {
    const sql = `UPDATE message SET dismissed = 1 WHERE id = ? AND dismissed = 0 AND state IN ('rejected', 'errored', 'undeliverable')`;
    return this.#commits.write(() => ids.reduce((sum, id) => sum + this.#sql.run(sql, id).changes, 0));
  }

  record(entry: TrailEntry): Promise<void> {
    return this.#commits.write(() => writeRecord(this.#sql, this.#cipher, this.secret, entry));
  }

  async trail(after: number, most: number): Promise<TrailRecord[]> {
    return readTrail(this.#sql, this.#cipher, after, most);
  }

  async queued(connection: string, most: number): Promise<number> {
    const counted = this.#sql.get(
      `SELECT count(*) AS n FROM (SELECT 1 FROM message WHERE connection = ? AND state = 'queued' LIMIT ?)`,
      connection,
      most,
    );
    return Number(counted?.['n']);
  }

  async held(connection: string): Promise<number> {
    return Number(this.#sql.get('SELECT count(*) AS n FROM held WHERE connection = ?', connection)?.['n']);
  }

  async counts(connection: string): Promise<Counts> {
    const queued = this.#sql.get(
      `SELECT count(*) AS n FROM message WHERE connection = ? AND state = 'queued'`,
      connection,
    );
    const held = this.#sql.get(
      `SELECT count(*) AS n FROM held JOIN message USING (connection, order_key) WHERE connection = ? AND state = 'queued'`,
      connection,
    );
    return { queued: Number(queued?.['n']), held: Number(held?.['n']) };
  }

  setPause(connection: string, pause: Pause | undefined): Promise<void> {
    const key = pauseKey(connection);
    return this.#commits.write(() => {
      if (pause === undefined) this.#sql.run('DELETE FROM meta WHERE key = ?', key);
      else writeMeta(this.#sql, key, sealPause(pause, connection, this.#cipher));
    });
  }

  async pauseOf(connection: string): Promise<Pause | undefined> {
    const value = readMeta(this.#sql, pauseKey(connection));
    return value && openPause(value, connection, this.#cipher);
  }

  /** Limits how large the file may grow, in pages; writes beyond it fail as on a full disk. */
  limitPages(pages: number): void {
    this.#sql.exec(`PRAGMA max_page_count = ${Math.trunc(pages)}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    await this.#commits.close(this.#toldIds.size > 0 ? () => undefined : undefined);
    clearTimeout(this.#toldTimer);
    this.#cleanLog();
    this.#sql.close();
    await this.#lock.release();
  }

  /** Seals everything if the key is new, or an earlier version bound no values. Then plain and unbound values are refused. */
  #seal(): void {
    this.#sql.exec('BEGIN IMMEDIATE');
    const runs = new RunRows(this.#cipher, this.#hidden, this.#rows);
    sealAnew(this.#sql, this.#cipher, this.#rows, runs, new LetterRows(this.#cipher, this.#hidden));
    writeKeys(this.#sql, this.#cipher, this.secret.export());
    this.#sql.exec('COMMIT');
    this.#erased = true;
  }

  /** Ends the life of a message whose text cannot be read, so that those behind it go on. It stays in the file. */
  async #setAside(row: Row): Promise<void> {
    const reason = 'Its text cannot be read from the outbox file.';
    const id = Number(row['id']);
    await this.#commits.write(() => {
      this.#sql.run(
        `UPDATE message SET state = 'undeliverable', head = 0, settled_at = ?, told = 1, result = ? WHERE id = ?`,
        this.#now(),
        this.#result(id, { outcome: 'unreadable', reason }),
        id,
      );
      this.#queues.advance(row['connection'] as string, row['order_key'] as string);
    });
  }

  #discard({ id }: Row, reason: string, at: number): void {
    this.#sql.run(
      `UPDATE message SET state = 'discarded', head = 0, settled_at = ?, told = 0, expired = 0, result = ? WHERE id = ?`,
      at,
      this.#result(Number(id), { outcome: 'discarded', reason }),
      Number(id),
    );
  }

  #insertUnlessRefused(message: NewMessage): number | undefined {
    return this.#failures.isRefused(message) ? undefined : this.#insert(message);
  }

  #insert(message: NewMessage): number {
    const { connection, orderKey } = message;
    const isHead = !this.#queues.isBusy(connection, orderKey);
    const id = ++this.#lastId;
    this.#sql.run(
      INSERT,
      id,
      connection,
      ...this.#rows.writtenValues(id, message),
      isHead ? 1 : 0,
      this.#queues.turn(),
    );
    this.#bodies.store(id, message);
    return id;
  }

  #note(id: number, { at, outcome, reason }: Attempt): void {
    const sql = 'INSERT INTO attempt (message, at, outcome, reason) VALUES (?, ?, ?, ?)';
    this.#sql.run(sql, id, at, outcome, reason);
  }

  #noteTold(): void {
    for (const id of this.#toldIds) {
      this.#sql.run('UPDATE message SET told = 1 WHERE id = ? AND told = 0', id);
      if (this.#retentionMs === 0 && this.#bodies.eraseAccepted(id) > 0) this.#erased = true;
    }
  }

  #toldNoted(): void {
    this.#toldIds.clear();
    clearTimeout(this.#toldTimer);
    this.#toldTimer = undefined;
  }

  #sweepIn(milliseconds: number): void {
    if (this.#closed) return;
    this.#sweeper = setTimeout(() => {
      this.#commits
        .write(() => this.#sweep())
        .then(
          (more) => {
            if (!more) this.#cleanLog();
            this.#sweepIn(more ? SWEEP_AGAIN_MS : SWEEP_MS);
          },
          () => this.#sweepIn(SWEEP_MS),
        );
    }, milliseconds);
    this.#sweeper.unref();
  }

  /** Takes what was erased out of the log, too, where its overwritten pages still stand. */
  #cleanLog(): void {
    if (!this.#erased) return;
    this.#sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#erased = false;
  }

  /**
   * Erases the texts that are past their time, and rows that are no longer kept as a record, a little at a time; and
   * gives what has become free back to the disk.
   *
   * @returns whether there may be more to do
   */
  #sweep(): boolean {
    const now = this.#now();
    const accepted = now - this.#retentionMs;
    const erased = this.#bodies.eraseOld(accepted, accepted - UNTOLD_MS, now - FAILED_MS, SWEEP_MESSAGES);
    let more = erased >= SWEEP_MESSAGES;
    removeDamagedCopies(this.#path, now - FAILED_MS);
    // Ids grow with time, so what is old enough stands first.
    const old = `SELECT id FROM (SELECT id, state, settled_at FROM message ORDER BY id LIMIT ${SWEEP_ROWS})
      WHERE state <> 'queued' AND settled_at < ?`;
    for (const { id } of this.#sql.all(`${old} LIMIT ${SWEEP_MESSAGES}`, now - AUDIT_MS)) {
      this.#bodies.eraseWhole(Number(id));
      this.#sql.run('DELETE FROM attempt WHERE message = ?', Number(id));
      this.#sql.run('DELETE FROM message WHERE id = ?', Number(id));
      more = true;
    }
    if (this.runs.erase(now - AUDIT_MS, SWEEP_MESSAGES)) more = true;
    if (this.letters.erase(now - AUDIT_MS, SWEEP_MESSAGES)) more = true;
    if (erased > 0 || more) this.#erased = true;
    // Files of the first version cannot be cut back; what is free in them is used again.
    if (this.#sql.get('PRAGMA auto_vacuum')?.['auto_vacuum'] !== INCREMENTAL) return more;
    const free = Number(this.#sql.get('PRAGMA freelist_count')?.['freelist_count']);
    if (free <= SPARE_PAGES) return more;
    this.#sql.exec(`PRAGMA incremental_vacuum(${Math.min(free - SPARE_PAGES, SWEEP_PAGES)})`);
    return more || free - SPARE_PAGES > SWEEP_PAGES;
  }

  #stored(row: Row, isKnown: boolean): StoredMessage {
    return this.#rows.messageOf(
      row,
      isKnown ? { body: '', carried: '' } : this.#bodies.read(Number(row['id'])),
    );
  }

  #result(id: number, outcome: SettledMessage['outcome']): Buffer {
    return this.#cipher.seal(JSON.stringify(outcome), placeOfResult(id));
  }

  #outcome(row: Row): SettledMessage['outcome'] {
    const text = this.#cipher.open(row['result'], placeOfResult(Number(row['id'])));
    return JSON.parse(text) as SettledMessage['outcome'];
  }
}
