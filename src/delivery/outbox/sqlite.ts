/**
 * The embedded outbox: a file of Node.js's own SQLite, in which what was acknowledged survives a killed process and a power
 * cut.
 *
 * WAL with synchronous=FULL syncs the log once for every transaction; see `group-commit.ts`.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { Bodies } from './bodies.js';
import { BodyCipher } from './cipher.js';
import { GroupCommit } from './group-commit.js';
import type {
  Attempt,
  Counts,
  FailedMessage,
  FailedReference,
  NewMessage,
  Outbox,
  Replayed,
  SettledMessage,
  StoredMessage,
} from './outbox.js';
import { storeName } from './outbox.js';
import { Failures } from './failures.js';
import { COLUMNS, messageOf, WRITTEN, writtenValues } from './message-row.js';
import { KeyQueues } from './key-queues.js';
import { OutboxFile } from './outbox-file.js';
import { openFile } from './sqlite-file.js';
import { type Row, Statements } from './statements.js';

/** What an embedded outbox is opened with. */
export interface SqliteOptions {
  /** Absolute path of the file. */
  readonly path: string;
  /** How long bodies of accepted messages are kept, in milliseconds; 0 = erased as soon as the flow has been told. */
  readonly retentionMs: number;
  /** Password with which bodies are encrypted; blank for none. */
  readonly encryptionKey?: string | undefined;
  readonly now?: () => number;
}

const DAY_MS = 24 * 3_600_000;

/** How long rows without bodies are kept, as a record of what was sent. */
const AUDIT_MS = 365 * DAY_MS;

/** How long the texts of messages that were not accepted are kept, so that they can be sent once more. */
const FAILED_MS = 90 * DAY_MS;

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

const INSERT = `INSERT INTO message (connection, ${WRITTEN.join(', ')}, state, head, due, turn, attempts, unclear)
  VALUES (?, ${WRITTEN.map(() => '?').join(', ')}, 'queued', ?, 0, ?, 0, 0)`;

/** Keeps messages in a file of this machine. */
export class SqliteOutbox implements Outbox {
  readonly durable = true;
  readonly secret: KeyObject;
  readonly name: string;
  /** What was found wrong and mended when it was opened, for a person to read. */
  readonly reports: readonly string[];
  readonly #file: OutboxFile;
  readonly #sql: Statements;
  readonly #cipher: BodyCipher;
  readonly #bodies: Bodies;
  readonly #commits: GroupCommit;
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #queues: KeyQueues;
  readonly #failures: Failures;
  #sweeper: NodeJS.Timeout | undefined;
  readonly #toldIds = new Set<number>();
  #toldTimer: NodeJS.Timeout | undefined;
  #closed = false;
  /** How many fates wait to be written. */
  #fates = 0;

  /**
   * Opens the file, and makes it where there is none.
   *
   * @throws PkbOutboxError `PKB_OUTBOX` where Node.js has no SQLite, the file cannot be opened or written, another process
   *   has it, it was written by a newer version, or the encryption key is not the one it was written with
   */
  constructor(options: SqliteOptions) {
    this.#now = options.now ?? Date.now;
    this.#retentionMs = options.retentionMs;
    const { db, reports } = openFile(options.path);
    this.#sql = new Statements(db);
    this.#file = new OutboxFile(options.path, this.#sql);
    this.reports = reports;
    let more: boolean;
    try {
      this.secret = createSecretKey(this.#meta('secret', () => randomBytes(32)));
      this.name = storeName(this.secret);
      const salt = this.#meta('salt', () => randomBytes(16));
      this.#cipher = new BodyCipher(options.encryptionKey ?? '', salt);
      const check = this.#meta('check', () => this.#cipher.seal('check'));
      this.#cipher.mustOpen(check);
      if (!this.#cipher.encrypts(check) && options.encryptionKey) {
        // The key is new: from now on the store can be opened with it only.
        const sealed = this.#cipher.seal('check');
        this.#sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', 'check', sealed);
      }
      this.#bodies = new Bodies(this.#sql, this.#cipher);
      this.#queues = new KeyQueues(this.#sql);
      this.#failures = new Failures(this.#sql, this.#cipher, this.#bodies, this.#queues);
      more = this.#sweep();
    } catch (error) {
      db.close();
      throw error;
    }
    this.#commits = new GroupCommit(
      this.#sql,
      () => this.#file.mustBeThere(),
      () => this.#noteTold(),
      () => this.#toldNoted(),
    );
    this.#sweepIn(more ? SWEEP_AGAIN_MS : SWEEP_MS);
  }

  async add(message: NewMessage): Promise<number> {
    const id = await this.#commits.write(() => this.#insert(message));
    this.#bodies.remember(id, message);
    return id;
  }

  async take(connection: string, now: number): Promise<StoredMessage | undefined> {
    const row = this.#queues.next(connection, now);
    if (row === undefined) return undefined;
    let stored: StoredMessage;
    try {
      stored = this.#stored(row);
    } catch (error) {
      await this.#setAside(row);
      throw error;
    }
    this.#queues.inFlight.add(stored.id);
    return stored;
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { message, state, outcome, expired } = settled;
    await this.#writeFate(() => {
      this.#sql.run(
        `UPDATE message SET state = ?, head = 0, attempts = ?, settled_at = ?, told = 0, expired = ?, result = ? WHERE id = ?`,
        state,
        message.attempts,
        attempt.at,
        expired ? 1 : 0,
        this.#cipher.seal(JSON.stringify(outcome)),
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
      message: this.#stored(row),
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
    await this.#writeFate(() => {
      this.#sql.run(
        'UPDATE message SET attempts = attempts + 1, unclear = unclear + ?, due = ?, turn = ? WHERE id = ?',
        attempt.unclear ? 1 : 0,
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

  async nextDue(connection: string): Promise<number | undefined> {
    return this.#queues.nextDue(connection);
  }

  release(connection: string, orderKey?: string): Promise<number> {
    return this.#commits.write(() => this.#queues.release(connection, orderKey));
  }

  async failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return this.#failures.list(connection, sender, most);
  }

  async findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    const row = this.#failures.find(connection, which);
    return row && this.#stored(row);
  }

  replay(which: FailedReference, message: NewMessage, override: boolean): Promise<Replayed> {
    return this.#commits.write(() => this.#failures.replay(which, message, override));
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

  /** Limits how large the file may grow, in pages; writes beyond it fail as on a full disk. */
  limitPages(pages: number): void {
    this.#sql.exec(`PRAGMA max_page_count = ${Math.trunc(pages)}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    await this.#commits.close(this.#toldIds.size > 0 ? () => undefined : undefined);
    clearTimeout(this.#toldTimer);
    this.#sql.close();
  }

  /** Ends the life of a message whose text cannot be read, so that those behind it go on. It stays in the file. */
  async #setAside(row: Row): Promise<void> {
    const reason = 'Its text cannot be read from the outbox file.';
    const outcome: SettledMessage['outcome'] = { outcome: 'refused', reason, scope: 'message' };
    await this.#commits.write(() => {
      this.#sql.run(
        `UPDATE message SET state = 'undeliverable', head = 0, settled_at = ?, told = 1, result = ? WHERE id = ?`,
        this.#now(),
        this.#cipher.seal(JSON.stringify(outcome)),
        Number(row['id']),
      );
      this.#queues.advance(row['connection'] as string, row['order_key'] as string);
    });
  }

  /** Writes what became of a message. While others are under way, it waits a moment for theirs. */
  async #writeFate(run: () => void): Promise<void> {
    this.#fates++;
    try {
      const all = this.#fates >= this.#queues.inFlight.size;
      await this.#commits.write(run, all ? 'all' : 'nobody');
    } finally {
      this.#fates--;
    }
  }

  #insert(message: NewMessage): number {
    const { connection, orderKey } = message;
    const isHead = !this.#queues.isBusy(connection, orderKey);
    const { lastInsertRowid: id } = this.#sql.run(
      INSERT,
      connection,
      ...writtenValues(message),
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
      if (this.#retentionMs === 0) this.#bodies.eraseAccepted(id);
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
          (more) => this.#sweepIn(more ? SWEEP_AGAIN_MS : SWEEP_MS),
          () => this.#sweepIn(SWEEP_MS),
        );
    }, milliseconds);
    this.#sweeper.unref();
  }

  /**
   * Erases the texts that are past their time, and rows that are no longer kept as a record, a little at a time; and
   * gives what has become free back to the disk.
   *
   * @returns whether there may be more to do
   */
  #sweep(): boolean {
    const now = this.#now();
    let more = this.#bodies.eraseOld(now - this.#retentionMs, now - FAILED_MS, SWEEP_MESSAGES);
    // Ids grow with time, so what is old enough stands first.
    const old = `SELECT id FROM (SELECT id, state, settled_at FROM message ORDER BY id LIMIT ${SWEEP_ROWS})
      WHERE state <> 'queued' AND settled_at < ?`;
    for (const { id } of this.#sql.all(`${old} LIMIT ${SWEEP_MESSAGES}`, now - AUDIT_MS)) {
      this.#bodies.eraseWhole(Number(id));
      this.#sql.run('DELETE FROM attempt WHERE message = ?', Number(id));
      this.#sql.run('DELETE FROM message WHERE id = ?', Number(id));
      more = true;
    }
    // Files of the first version cannot be cut back; what is free in them is used again.
    if (this.#sql.get('PRAGMA auto_vacuum')?.['auto_vacuum'] !== INCREMENTAL) return more;
    const free = Number(this.#sql.get('PRAGMA freelist_count')?.['freelist_count']);
    if (free <= SPARE_PAGES) return more;
    this.#sql.exec(`PRAGMA incremental_vacuum(${Math.min(free - SPARE_PAGES, SWEEP_PAGES)})`);
    return more || free - SPARE_PAGES > SWEEP_PAGES;
  }

  #stored(row: Row): StoredMessage {
    const id = Number(row['id']);
    return messageOf(row, this.#bodies.forget(id) ?? this.#bodies.read(id));
  }

  #outcome(row: Row): SettledMessage['outcome'] {
    return JSON.parse(this.#cipher.open(row['result'])) as SettledMessage['outcome'];
  }

  #meta(key: string, make: () => Buffer): Buffer {
    const row = this.#sql.get('SELECT value FROM meta WHERE key = ?', key);
    if (row) return Buffer.from(row['value'] as Uint8Array);
    const value = make();
    this.#sql.run('INSERT INTO meta (key, value) VALUES (?, ?)', key, value);
    return value;
  }
}
