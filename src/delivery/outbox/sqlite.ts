/**
 * The embedded outbox: one SQLite file, written so that what was acknowledged survives a killed process and a power cut.
 *
 * WAL with synchronous=FULL syncs the log once for every transaction. Writes that come together share one transaction
 * (group commit), and a promise resolves only after the commit.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PkbOutboxError } from '../../errors.js';
import { BodyCipher } from './cipher.js';
import type { Attempt, Counts, NewMessage, Outbox, SettledMessage, StoredMessage } from './outbox.js';
import { openFile, storeError } from './sqlite-file.js';

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

/** How long rows without bodies are kept, as a record of what was sent. */
const AUDIT_MS = 365 * 24 * 3_600_000;
const SWEEP_MS = 3_600_000;

/** How long the note that a flow was told may wait for another write to go with. */
const TOLD_MS = 100;

interface Write {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Keeps messages in a file of this machine. */
export class SqliteOutbox implements Outbox {
  readonly durable = true;
  readonly secret: Buffer;
  /** What was found wrong and mended when it was opened, for a person to read. */
  readonly reports: readonly string[];
  readonly #db: DatabaseSync;
  readonly #cipher: BodyCipher;
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #inFlight = new Set<number>();
  readonly #statements = new Map<string, StatementSync>();
  readonly #sweeper: NodeJS.Timeout;
  #writes: Write[] = [];
  readonly #toldIds = new Set<number>();
  #toldTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #flushing: Promise<void> | undefined;
  #turn: number;

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
    this.#db = db;
    this.reports = reports;
    try {
      this.secret = this.#meta('secret', () => randomBytes(32));
      const salt = this.#meta('salt', () => randomBytes(16));
      this.#cipher = new BodyCipher(options.encryptionKey ?? '', salt);
      const check = this.#meta('check', () => this.#cipher.seal('check'));
      this.#cipher.mustOpen(check);
      if (!this.#cipher.encrypts(check) && options.encryptionKey) {
        // The key is new: from now on the store can be opened with it only.
        this.#run(
          'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)',
          'check',
          this.#cipher.seal('check'),
        );
      }
      this.#turn = Number(this.#get('SELECT coalesce(max(turn), 0) AS turn FROM message')?.['turn'] ?? 0);
      this.#sweep();
    } catch (error) {
      db.close();
      throw error;
    }
    this.#sweeper = setInterval(() => void this.#write(() => this.#sweep()).catch(() => undefined), SWEEP_MS);
    this.#sweeper.unref();
  }

  add(message: NewMessage): Promise<number> {
    return this.#write(() => this.#insert(message));
  }

  async take(connection: string, now: number): Promise<StoredMessage | undefined> {
    const heads = this.#all(
      'SELECT id FROM message WHERE connection = ? AND head = 1 AND due <= ? ORDER BY turn LIMIT ?',
      connection,
      now,
      this.#inFlight.size + 1,
    );
    const next = heads.map(({ id }) => Number(id)).find((id) => !this.#inFlight.has(id));
    const row = next === undefined ? undefined : this.#get('SELECT * FROM message WHERE id = ?', next);
    if (next === undefined || row === undefined) return undefined;
    this.#inFlight.add(next);
    return this.#stored(row);
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { message, state, outcome, expired } = settled;
    await this.#write(() => {
      this.#run(
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
      if (hold)
        this.#run('INSERT OR IGNORE INTO held (connection, order_key) VALUES (?, ?)', connection, orderKey);
      else this.#advance(connection, orderKey);
    });
    this.#inFlight.delete(message.id);
  }

  async untold(connection: string, sender: string): Promise<SettledMessage[]> {
    const rows = this.#all(
      'SELECT * FROM message WHERE connection = ? AND sender = ? AND told = 0 AND body IS NOT NULL ORDER BY id',
      connection,
      sender,
    );
    const untold = rows.filter(({ id }) => !this.#toldIds.has(Number(id)));
    return untold.map((row) => ({
      message: this.#stored(row),
      state: row['state'] as SettledMessage['state'],
      outcome: JSON.parse(this.#cipher.open(row['result'])) as SettledMessage['outcome'],
      expired: row['expired'] === 1,
    }));
  }

  /** Noted with the next transaction, or soon: a crash before that only makes the flow hear of it again. */
  async told(id: number): Promise<void> {
    this.#toldIds.add(id);
    this.#toldTimer ??= setTimeout(() => {
      this.#toldTimer = undefined;
      this.#write(() => undefined).catch(() => undefined);
    }, TOLD_MS);
  }

  #noteTold(): void {
    for (const id of this.#toldIds) {
      this.#run('UPDATE message SET told = 1 WHERE id = ?', id);
      if (this.#retentionMs === 0) this.#run(`${ERASE} AND id = ?`, id);
    }
  }

  async postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    await this.#write(() => {
      this.#run(
        'UPDATE message SET attempts = attempts + 1, unclear = unclear + ?, due = ?, turn = ? WHERE id = ?',
        attempt.unclear ? 1 : 0,
        until,
        ++this.#turn,
        id,
      );
      this.#note(id, attempt);
    });
    this.#inFlight.delete(id);
  }

  async giveBack(id: number): Promise<void> {
    this.#inFlight.delete(id);
  }

  async nextDue(connection: string): Promise<number | undefined> {
    const busy = [...this.#inFlight].join(',');
    const row = this.#db
      .prepare(
        `SELECT min(due) AS due FROM message WHERE connection = ? AND head = 1 AND id NOT IN (${busy})`,
      )
      .get(connection);
    const due = row?.['due'];
    return typeof due === 'number' ? due : undefined;
  }

  release(connection: string, orderKey?: string): Promise<number> {
    return this.#write(() => {
      const keys =
        orderKey === undefined
          ? this.#all('SELECT order_key FROM held WHERE connection = ?', connection)
          : this.#all(
              'SELECT order_key FROM held WHERE connection = ? AND order_key = ?',
              connection,
              orderKey,
            );
      for (const { order_key: key } of keys) {
        this.#run('DELETE FROM held WHERE connection = ? AND order_key = ?', connection, key as string);
        this.#advance(connection, key as string);
      }
      return keys.length;
    });
  }

  async queued(connection: string, most: number): Promise<number> {
    const counted = this.#get(
      `SELECT count(*) AS n FROM (SELECT 1 FROM message WHERE connection = ? AND state = 'queued' LIMIT ?)`,
      connection,
      most,
    );
    return Number(counted?.['n']);
  }

  async held(connection: string): Promise<number> {
    return Number(this.#get('SELECT count(*) AS n FROM held WHERE connection = ?', connection)?.['n']);
  }

  async counts(connection: string): Promise<Counts> {
    const queued = this.#get(
      `SELECT count(*) AS n FROM message WHERE connection = ? AND state = 'queued'`,
      connection,
    );
    const held = this.#get(
      `SELECT count(*) AS n FROM held JOIN message USING (connection, order_key) WHERE connection = ? AND state = 'queued'`,
      connection,
    );
    return { queued: Number(queued?.['n']), held: Number(held?.['n']) };
  }

  /** Limits how large the file may grow, in pages; writes beyond it fail as on a full disk. */
  limitPages(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${Math.trunc(pages)}`);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#flushing;
    if (this.#toldIds.size > 0) await this.#write(() => undefined).catch(() => undefined);
    this.#closed = true;
    await this.#flushing;
    clearTimeout(this.#toldTimer);
    this.#db.close();
  }

  #insert(message: NewMessage): number {
    const { connection, orderKey, dataPoint } = message;
    const ahead =
      this.#get(
        `SELECT 1 FROM message WHERE connection = ? AND order_key = ? AND state = 'queued' LIMIT 1`,
        connection,
        orderKey,
      ) ?? this.#get('SELECT 1 FROM held WHERE connection = ? AND order_key = ?', connection, orderKey);
    const { lastInsertRowid } = this.#run(
      `INSERT INTO message (connection, sender, order_key, control_id, message_type, data_point_field, data_point_id,
        data_point_owner, body, carried, hold, stored_at, state, head, due, turn, attempts, unclear)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, 0, ?, 0, 0)`,
      connection,
      message.sender,
      orderKey,
      message.controlId,
      message.messageType,
      dataPoint?.field ?? null,
      dataPoint?.id ?? null,
      dataPoint?.owner ?? null,
      this.#cipher.seal(message.body),
      this.#cipher.seal(message.carried),
      message.holdOnRejection ? 1 : 0,
      message.storedAt,
      ahead === undefined ? 1 : 0,
      ++this.#turn,
    );
    return Number(lastInsertRowid);
  }

  /** Makes the oldest waiting message of an order key its head. */
  #advance(connection: string, orderKey: string): void {
    this.#run(
      `UPDATE message SET head = 1, due = 0, turn = ? WHERE id =
        (SELECT min(id) FROM message WHERE connection = ? AND order_key = ? AND state = 'queued')`,
      ++this.#turn,
      connection,
      orderKey,
    );
  }

  #note(id: number, { at, outcome, reason }: Attempt): void {
    this.#run(
      'INSERT INTO attempt (message, at, outcome, reason) VALUES (?, ?, ?, ?)',
      id,
      at,
      outcome,
      reason,
    );
  }

  /** Erases the bodies of accepted messages that are past their time, and rows that are no longer kept as a record. */
  #sweep(): void {
    const now = this.#now();
    this.#run(`${ERASE} AND told = 1 AND settled_at < ?`, now - this.#retentionMs);
    const old = now - AUDIT_MS;
    this.#run(
      `DELETE FROM attempt WHERE message IN (SELECT id FROM message WHERE state = 'accepted' AND settled_at < ?)`,
      old,
    );
    this.#run(`DELETE FROM message WHERE state = 'accepted' AND settled_at < ?`, old);
  }

  #stored(row: Record<string, unknown>): StoredMessage {
    const field = row['data_point_field'] as string | null;
    return {
      id: Number(row['id']),
      connection: row['connection'] as string,
      sender: row['sender'] as string,
      orderKey: row['order_key'] as string,
      controlId: row['control_id'] as string,
      messageType: row['message_type'] as string,
      dataPoint:
        field === null
          ? undefined
          : { field, id: row['data_point_id'] as string, owner: row['data_point_owner'] as 'kept' },
      body: this.#cipher.open(row['body']),
      carried: this.#cipher.open(row['carried']),
      holdOnRejection: row['hold'] === 1,
      storedAt: Number(row['stored_at']),
      attempts: Number(row['attempts']),
      unclear: Number(row['unclear']),
    };
  }

  /** Queues a write; all that are queued when the loop comes round share one transaction and its one sync. */
  #write<T>(run: () => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new PkbOutboxError(
          'PKB_OUTBOX',
          'The outbox is closed, as it is during a deploy; the message was not taken.',
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ run, resolve: resolve as Write['resolve'], reject });
      this.#flushing ??= new Promise((flushed) => {
        setImmediate(() => {
          this.#flushing = undefined;
          this.#flush();
          flushed();
        });
      });
    });
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#noteTold();
      const results = writes.map(({ run }) => run());
      this.#db.exec('COMMIT');
      this.#toldIds.clear();
      clearTimeout(this.#toldTimer);
      this.#toldTimer = undefined;
      for (const [i, { resolve }] of writes.entries()) resolve(results[i] as never);
    } catch (error) {
      this.#rollBack();
      for (const { reject } of writes) reject(storeError(error));
    }
  }

  /** Never throws: it runs in a turn of its own, where a throw would end the process. */
  #rollBack(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // The file is closed or broken; those who wait are told why their own write failed.
    }
  }

  #meta(key: string, make: () => Buffer): Buffer {
    const row = this.#get('SELECT value FROM meta WHERE key = ?', key);
    if (row) return Buffer.from(row['value'] as Uint8Array);
    const value = make();
    this.#run('INSERT INTO meta (key, value) VALUES (?, ?)', key, value);
    return value;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #run(sql: string, ...values: (string | number | null | Buffer)[]) {
    return this.#statement(sql).run(...values);
  }

  #get(sql: string, ...values: (string | number)[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#statement(sql).all(...values);
  }
}

/** Erased content is overwritten (secure_delete). */
const ERASE = `UPDATE message SET body = NULL, carried = NULL, result = NULL WHERE state = 'accepted' AND body IS NOT NULL`;
