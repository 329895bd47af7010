/**
 * The outbox in a PostgreSQL database, which several processes share: every one accepts messages, one at a time sends for a
 * connection (`leases.ts`).
 *
 * A row of `message` has the states of the embedded outbox (`sqlite/store.ts`). A row of `queue` is an order key: how many of
 * its messages are pending, when the next is due, which message put it on hold, and the taking and epoch of its message in
 * flight. A taking of an earlier epoch is free again, because its process has lost the lease. A taking that the holder of the
 * lease does not know is free, too: the holder was never told of it. Every write about a taken message names the taking. So a
 * write that is repeated because its answer was lost has no effect.
 *
 * The lock of that row keeps the order. The process that stores a message holds the lock until the commit, and gives the
 * message its position under it. So the positions of one order key grow with the commits of all processes.
 *
 * After a crash, taken messages have an old epoch, and so are free for the next sender. A transaction that was not committed
 * has no effect, and no caller was told that it had.
 */
import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { Hidden } from '../cipher.js';
import {
  type Addressed,
  type Counts,
  type FailedMessage,
  type FailedReference,
  type Outbox,
  type Part,
  type Replayed,
  type ReplayTerms,
  type SettledMessage,
  type Sharing,
  storeName,
} from '../contract.js';
import type { Attempt, NewMessage, StoredMessage } from '../messages.js';
import type { EndedCount, MessageFilter, MessageLife, MessageList, Withdrawal } from '../ledger.js';
import { MessageRows, placeOfResult } from '../message-row.js';
import { MOVED, refuseMoved } from '../move.js';
import { openPause, type Pause, pauseKey, sealPause } from '../pause.js';
import { Bodies } from './bodies.js';
import { Database } from './database.js';
import { Failures } from './failures.js';
import { Fates } from './fates.js';
import { Intake } from './intake.js';
import { type Keys, keysOf, readMeta, writeMeta } from './keys.js';
import { PostgresLedger } from './ledger.js';
import { LEASE_TIMES, Leases, type LeaseTimes } from './leases.js';
import { Listener, notify } from './listener.js';
import { messageOf, type StoreParts } from './parts.js';
import { migrate, SCHEMA, schemaName } from './schema.js';
import { PostgresLetters } from './letters.js';
import { PostgresRuns } from './runs.js';
import { Sweeper } from './sweeper.js';
import { Takings } from './takings.js';
import type { TrailEntry, TrailRecord } from '../trail.js';
import type { Placed, RunItem } from '../runs.js';

/** What a PostgreSQL outbox is opened with. */
export interface PostgresOptions {
  /** Such as `postgresql://user:password@host/database?sslmode=verify-full`. */
  readonly connectionString: string;
  /** Schema of its tables; `pkb_outbox` where left out. */
  readonly schema?: string | undefined;
  /** Connections that this process opens at most, besides the one that listens. */
  readonly poolSize?: number | undefined;
  /** How long bodies of accepted messages are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Password with which texts and IDs are encrypted; blank for none. */
  readonly encryptionKey?: string | undefined;
  readonly times?: LeaseTimes | undefined;
}

/** How soon a process looks by itself for what it may have missed. */
const LOOK_MS = 1000;

/** How long fates are gathered that other processes make known. */
const GATHER_MS = 100;

/** How long each step of closing may take: Node-RED waits 15 seconds for a node. */
const CLOSE_MS = 1000;

/** A process that has not been seen for so long is taken for dead, in lease times. */
const DEAD_AFTER = 1.5;

/** Keeps messages in a database. */
export class PostgresOutbox implements Outbox {
  readonly durable = true;
  readonly secret: KeyObject;
  readonly name: string;
  readonly reports: readonly string[] = [];
  readonly sharing: Sharing;
  readonly #stored: StoreParts;
  readonly #leases: Leases;
  readonly #intake: Intake;
  readonly #takings: Takings;
  readonly #fates: Fates;
  readonly #failures: Failures;
  readonly #ledger: PostgresLedger;
  readonly runs: PostgresRuns;
  readonly letters: PostgresLetters;
  readonly #listener: Listener;
  readonly #sweeper: Sweeper;
  readonly #parts = new Map<string, Set<Part>>();
  /** When fates of a connection are looked for next. */
  readonly #looks = new Map<string, NodeJS.Timeout>();
  #looker: NodeJS.Timeout | undefined;

  /**
   * Connects, and makes the schema where there is none.
   *
   * @throws PkbConfigError `PKB_SETTING` for a setting that is not allowed, or if the package pg is missing; PkbOutboxError
   *   `PKB_OUTBOX` where the database cannot be reached or used, or the encryption key is not the one it was written with
   */
  static async open(options: PostgresOptions): Promise<PostgresOutbox> {
    const schema = schemaName(options.schema ?? SCHEMA);
    const db = new Database(options.connectionString, options.poolSize);
    try {
      await migrate(db, schema);
      const keys = await keysOf(db, schema, options.encryptionKey ?? '');
      const outbox = new PostgresOutbox(db, schema, keys, options);
      await outbox.#begin();
      try {
        refuseMoved(await readMeta(db, schema, MOVED));
      } catch (error) {
        await outbox.close();
        throw error;
      }
      return outbox;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  private constructor(db: Database, schema: string, { cipher, secret }: Keys, options: PostgresOptions) {
    const times = options.times ?? LEASE_TIMES;
    const instance = randomUUID();
    this.secret = createSecretKey(secret);
    this.name = storeName(this.secret);
    const hidden = new Hidden(cipher.isKeyed ? this.secret : undefined);
    const rows = new MessageRows(cipher, hidden, this.secret);
    const bodies = new Bodies(schema, cipher);
    const deadMs = DEAD_AFTER * times.leaseMs;
    this.#stored = { db, schema, cipher, secret: this.secret, hidden, rows, bodies, instance, deadMs };
    this.#leases = new Leases(db, schema, instance, times);
    this.runs = new PostgresRuns(this.#stored);
    this.letters = new PostgresLetters(this.#stored);
    this.#intake = new Intake(
      this.#stored,
      this.runs,
      (connection) => this.#leases.epoch(connection) !== undefined,
    );
    this.#takings = new Takings(this.#stored, this.#leases);
    this.#sweeper = new Sweeper(db, schema, bodies, options.retentionMs);
    this.#fates = new Fates(this.#stored, async () => {
      if (options.retentionMs === 0) await this.#sweeper.sweep();
    });
    this.#failures = new Failures(this.#stored);
    this.#ledger = new PostgresLedger(this.#stored);
    this.#listener = new Listener(db, schema, (text) => this.#heard(text));
    this.sharing = {
      join: (connection, part) => this.#join(connection, part),
      term: (connection) => this.#leases.term(connection),
    };
  }

  async #begin(): Promise<void> {
    await this.#leases.begin();
    await this.#listener.start();
    this.#sweeper.start();
    this.#looker = setInterval(() => this.#lookAll(), LOOK_MS);
    this.#looker.unref();
  }

  /** In the order of the calls: what was handed in first gets its place first. */
  add(message: NewMessage): Promise<number> {
    return this.#intake.add(message);
  }

  addItem(message: NewMessage, item: RunItem): Promise<Placed> {
    return this.#intake.addItem(message, item);
  }

  take(connection: string, now: number, most: number, except: readonly string[]): Promise<StoredMessage[]> {
    return this.#takings.take(connection, now, most, except);
  }

  settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    return this.#takings.settle(settled, attempt, hold);
  }

  postpone(id: number, until: number, attempt: Attempt): Promise<void> {
    return this.#takings.postpone(id, until, attempt);
  }

  giveBack(id: number): Promise<void> {
    return this.#takings.giveBack(id);
  }

  nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    return this.#takings.nextDue(connection, except);
  }

  untold(connection: string, sender: string): Promise<SettledMessage[]> {
    return this.#fates.untold(connection, sender, this.#leases.epoch(connection) !== undefined);
  }

  async told(id: number): Promise<void> {
    this.#fates.told(id);
  }

  async elsewhere(connection: string, address: string): Promise<Addressed[]> {
    // Messages that were moved here from a file of an early version name none; there was one, and it is taken to be this.
    await this.#stored.db.all(
      `UPDATE ${this.#stored.schema}.message SET address = $2 WHERE connection = $1 AND state = 'queued' AND address = ''`,
      connection,
      address,
    );
    const rows = await this.#stored.db.all(
      `SELECT address, count(*) AS n FROM ${this.#stored.schema}.message
        WHERE connection = $1 AND state = 'queued' AND address <> $2 GROUP BY address`,
      connection,
      address,
    );
    return rows.map((row) => ({ address: row['address'] as string, count: Number(row['n']) }));
  }

  async readdress(connection: string, address: string): Promise<number> {
    const rows = await this.#stored.db.all(
      `UPDATE ${this.#stored.schema}.message SET address = $2 WHERE connection = $1 AND state = 'queued' AND address <> $2
        RETURNING id`,
      connection,
      address,
    );
    await this.#say(connection);
    return rows.length;
  }

  async discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    const s = this.#stored.schema;
    const count = await this.#stored.db.transaction(async (sql) => {
      const found = await sql.all(
        `SELECT id, order_key FROM ${s}.message WHERE connection = $1 AND state = 'queued' AND address <> $2 FOR UPDATE`,
        connection,
        address,
      );
      for (const row of found) {
        const id = Number(row['id']);
        const result = this.#stored.cipher.seal(
          JSON.stringify({ outcome: 'discarded', reason }),
          placeOfResult(id),
        );
        await sql.all(
          `UPDATE ${s}.message SET state = 'discarded', settled_at = $2, told = 0, expired = 0, result = $3 WHERE id = $1`,
          id,
          at,
          result,
        );
        await sql.all(
          `UPDATE ${s}.queue SET waiting = waiting - 1 WHERE connection = $1 AND order_key = $2`,
          connection,
          row['order_key'] as string,
        );
      }
      return found.length;
    });
    await this.#say(connection);
    return count;
  }

  async release(connection: string, orderKey?: string): Promise<number> {
    const rows = await this.#stored.db.all(
      `UPDATE ${this.#stored.schema}.queue SET held_by = NULL, due = 0, turn = nextval('${this.#stored.schema}.turn')
        WHERE connection = $1 AND held_by IS NOT NULL AND ($2::text IS NULL OR order_key = $2) RETURNING order_key`,
      connection,
      orderKey ?? null,
    );
    await this.#say(connection);
    return rows.length;
  }

  failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return this.#failures.list(this.#stored.db, connection, sender, most);
  }

  async findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    const row = await this.#failures.find(this.#stored.db, connection, which);
    return row && messageOf(this.#stored, row);
  }

  async replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed> {
    const { db, schema, instance } = this.#stored;
    const replayed = await db.transaction(async (sql) => {
      const done = await this.#failures.replay(sql, which, message, terms, instance);
      // After its locks: whoever moves this outbox waits for them.
      refuseMoved(await readMeta(sql, schema, MOVED));
      return done;
    });
    this.#fates.forget(which.id);
    await this.#say(message.connection);
    return replayed;
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
    return this.#ledger.withdraw(id, reason, at);
  }

  dismiss(ids: readonly number[]): Promise<number> {
    return this.#ledger.dismiss(ids);
  }

  record(entry: TrailEntry): Promise<void> {
    return this.#ledger.record(entry);
  }

  trail(after: number, most: number): Promise<TrailRecord[]> {
    return this.#ledger.trail(after, most);
  }

  async queued(connection: string, most: number): Promise<number> {
    const row = await this.#stored.db.get(
      `SELECT count(*) AS n FROM (SELECT 1 FROM ${this.#stored.schema}.message WHERE connection = $1 AND state = 'queued' LIMIT $2) few`,
      connection,
      most,
    );
    return Number(row?.['n']);
  }

  async held(connection: string): Promise<number> {
    const row = await this.#stored.db.get(
      `SELECT count(*) AS n FROM ${this.#stored.schema}.queue WHERE connection = $1 AND held_by IS NOT NULL`,
      connection,
    );
    return Number(row?.['n']);
  }

  async counts(connection: string): Promise<Counts> {
    const row = await this.#stored.db.get(
      `SELECT coalesce(sum(waiting), 0) AS queued, coalesce(sum(waiting) FILTER (WHERE held_by IS NOT NULL), 0) AS held
        FROM ${this.#stored.schema}.queue WHERE connection = $1`,
      connection,
    );
    return { queued: Number(row?.['queued']), held: Number(row?.['held']) };
  }

  async setPause(connection: string, pause: Pause | undefined): Promise<void> {
    const { db, schema, cipher } = this.#stored;
    const key = pauseKey(connection);
    if (pause === undefined) await db.all(`DELETE FROM ${schema}.meta WHERE key = $1`, key);
    else await writeMeta(db, schema, key, sealPause(pause, connection, cipher));
    await this.#say(connection);
  }

  async pauseOf(connection: string): Promise<Pause | undefined> {
    const { db, schema, cipher } = this.#stored;
    const value = await readMeta(db, schema, pauseKey(connection));
    return value && openPause(value, connection, cipher);
  }

  async close(): Promise<void> {
    clearInterval(this.#looker);
    for (const timer of this.#looks.values()) clearTimeout(timer);
    this.#sweeper.stop();
    await this.#intake.end();
    // Where the database is away, leases end by themselves, and flows are told once more.
    await atMost(CLOSE_MS, this.#fates.end());
    await atMost(CLOSE_MS, this.#leases.close());
    await atMost(CLOSE_MS, Promise.all([this.#listener.close(), this.#stored.db.close()]));
  }

  #join(connection: string, part: Part): () => Promise<void> {
    this.#leases.join(connection, part.requestMs);
    const parts = this.#parts.get(connection) ?? new Set();
    this.#parts.set(connection, parts.add(part));
    return async () => {
      parts.delete(part);
      if (parts.size > 0) return;
      this.#parts.delete(connection);
      await atMost(CLOSE_MS, this.#leases.release(connection));
    };
  }

  /** Tells the process that sends for a connection that there may be something to do. */
  async #say(connection: string): Promise<void> {
    for (const part of this.#parts.get(connection) ?? []) part.wake();
    if (this.#leases.epoch(connection) !== undefined) return;
    // Whoever does not hear it looks by itself.
    await notify(this.#stored.db, this.#stored.schema, connection).catch(() => undefined);
  }

  /** @param text `send <connection>` or `told <instance> <connection>` */
  #heard(text: string): void {
    const [what, whom] = [text.slice(0, 5), text.slice(5)];
    if (what === 'send ') for (const part of this.#parts.get(whom) ?? []) part.wake();
    const [instance = '', ...connection] = whom.split(' ');
    if (what === 'told ' && instance === this.#stored.instance) this.#lookSoon(connection.join(' '));
  }

  /** Fates that become known one after the other are looked for together. */
  #lookSoon(connection: string): void {
    if (this.#looks.has(connection)) return;
    const timer = setTimeout(() => {
      this.#looks.delete(connection);
      for (const part of this.#parts.get(connection) ?? []) part.look();
    }, GATHER_MS);
    this.#looks.set(connection, timer);
  }

  #lookAll(): void {
    for (const [connection, parts] of this.#parts) {
      for (const part of parts) {
        part.wake();
        part.look();
      }
      if (this.#leases.isLeaving(connection)) void this.#takings.left(0, connection);
    }
  }
}

/** Waits for work to end, whether it succeeds or not, and no longer than a time. */
async function atMost(milliseconds: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work?.catch(() => undefined), over]);
  clearTimeout(timer);
}
