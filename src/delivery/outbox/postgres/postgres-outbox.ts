/**
 * The outbox in a PostgreSQL database, which several processes share: every one accepts messages, one at a time sends for a
 * connection (`leases.ts`).
 *
 * States of a row of `message` are those of the embedded outbox (`sqlite/store.ts`). A row of `queue` stands for an order
 * key: how many of its messages wait, when the next is due, what holds it, and by which taking, in which epoch, its first is
 * under way. What was taken in an earlier epoch than the current one is free again, since its process has lost the lease;
 * so is a taking that the holder of the lease does not know, since it was never told of it. Every write about a message that
 * was taken names the taking: one that is made twice, because its answer was lost, does nothing the second time.
 *
 * The lock of that row keeps order: who stores a message holds it until the commit, and the message's position is given
 * under it, so that positions of one order key grow with the commits, whichever process stores.
 *
 * A crash leaves what was taken with its epoch, and so free for the next one. What a transaction did not commit has not
 * happened, and nobody was told of it.
 */
import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { LONGEST_WAIT_MS } from '../../retry.js';
import { type BodyCipher, Hidden } from '../cipher.js';
import {
  type Addressed,
  type Attempt,
  type Counts,
  type FailedMessage,
  type FailedReference,
  type NewMessage,
  type Outbox,
  type Part,
  type Replayed,
  type ReplayTerms,
  type SettledMessage,
  type Sharing,
  type StoredMessage,
  storeName,
  TakenOver,
} from '../contract.js';
import { MessageRows, placeOfResult } from '../message-row.js';
import { MOVED, refuseMoved } from '../move.js';
import type { Row } from '../row.js';
import { Bodies, TEXT_COLUMNS, UnreadableText } from './bodies.js';
import { Database, type Sql } from './database.js';
import { COLUMNS_OF_M, Failures } from './failures.js';
import { Intake } from './intake.js';
import { type Keys, keysOf, readMeta } from './keys.js';
import { LEASE_TIMES, Leases, type LeaseTimes } from './leases.js';
import { Listener, notify } from './listener.js';
import { migrate, SCHEMA, schemaName } from './schema.js';
import { Sweeper } from './sweeper.js';

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

/** How long the note that a flow was told may wait for others to go with. */
const TOLD_MS = 100;

/** A process that has not been seen for so long is taken for dead, in lease times. */
const DEAD_AFTER = 1.5;

/** A message that is under way here. */
interface Taken {
  readonly connection: string;
  readonly epoch: number;
  /** The number of this taking. */
  readonly taking: string;
}

/** Keeps messages in a database. */
export class PostgresOutbox implements Outbox {
  readonly durable = true;
  readonly secret: KeyObject;
  readonly name: string;
  readonly reports: readonly string[] = [];
  readonly sharing: Sharing;
  readonly #db: Database;
  readonly #schema: string;
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;
  readonly #rows: MessageRows;
  readonly #bodies: Bodies;
  readonly #failures: Failures;
  readonly #leases: Leases;
  readonly #listener: Listener;
  readonly #sweeper: Sweeper;
  readonly #instance = randomUUID();
  readonly #deadMs: number;
  readonly #retentionMs: number;
  readonly #parts = new Map<string, Set<Part>>();
  /** What this process has taken. */
  readonly #taken = new Map<number, Taken>();
  /** When fates of a connection are looked for next. */
  readonly #looks = new Map<string, NodeJS.Timeout>();
  /** The last take of each connection. */
  readonly #takes = new Map<string, Promise<unknown>>();
  readonly #toldIds = new Set<number>();
  readonly #intake: Intake;
  #toldTimer: NodeJS.Timeout | undefined;
  #looker: NodeJS.Timeout | undefined;

  /**
   * Connects, and makes the schema where there is none.
   *
   * @throws PkbConfigError `PKB_SETTING` for a setting that cannot be, or where the package pg is missing; PkbOutboxError
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
    this.#db = db;
    this.#schema = schema;
    this.#cipher = cipher;
    this.secret = createSecretKey(secret);
    this.name = storeName(this.secret);
    this.#hidden = new Hidden(cipher.isKeyed ? this.secret : undefined);
    this.#rows = new MessageRows(cipher, this.#hidden, this.secret);
    this.#bodies = new Bodies(schema, cipher);
    const parts = { schema, cipher, hidden: this.#hidden, rows: this.#rows, bodies: this.#bodies };
    this.#failures = new Failures(parts);
    this.#leases = new Leases(db, schema, this.#instance, times);
    this.#retentionMs = options.retentionMs;
    this.#intake = new Intake({
      db,
      schema,
      rows: this.#rows,
      bodies: this.#bodies,
      instance: this.#instance,
      isLed: (connection) => this.#leases.epoch(connection) !== undefined,
    });
    this.#deadMs = DEAD_AFTER * times.leaseMs;
    this.#listener = new Listener(db, schema, (text) => this.#heard(text));
    this.#sweeper = new Sweeper(db, schema, this.#bodies, options.retentionMs);
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

  /** One after the other for each connection: a taking that is not known yet would be taken for one that was lost. */
  take(connection: string, now: number, most: number, except: readonly string[]): Promise<StoredMessage[]> {
    const before = this.#takes.get(connection) ?? Promise.resolve();
    const taking = before.then(() => this.#take(connection, now, most, except));
    this.#takes.set(
      connection,
      taking.catch(() => undefined),
    );
    return taking;
  }

  async #take(
    connection: string,
    now: number,
    most: number,
    except: readonly string[],
  ): Promise<StoredMessage[]> {
    const term = await this.#leases.acquire(connection);
    if (term === undefined) return [];
    const s = this.#schema;
    const found = await this.#db.all(
      `WITH free AS (
          SELECT q.connection, q.order_key, head.id FROM ${s}.queue q
            CROSS JOIN LATERAL (SELECT m.id, m.facility FROM ${s}.message m WHERE m.connection = q.connection
              AND m.order_key = q.order_key AND m.state = 'queued' ORDER BY m.position LIMIT 1) head
          WHERE q.connection = $1 AND q.waiting > 0 AND q.held_by IS NULL AND (q.taken IS NULL OR q.epoch < $2
            OR q.taken <> ALL ($9::bigint[])) AND q.due NOT BETWEEN $3 AND $4 AND head.facility <> ALL ($5::text[])
          ORDER BY q.turn LIMIT $6 FOR UPDATE OF q SKIP LOCKED
        ), taken AS (
          UPDATE ${s}.queue q SET taken = nextval('${s}.taking'), epoch = $2 FROM free WHERE q.connection = free.connection AND q.order_key = free.order_key
            AND EXISTS (SELECT 1 FROM ${s}.lease l WHERE l.connection = $1 AND l.epoch = $2)
          RETURNING free.id, q.turn, q.taken AS taking
        )
        SELECT ${COLUMNS_OF_M}, ${TEXT_COLUMNS}, taken.taking, ${UNSYNCED},
            m.instance <> $7 AND EXISTS (SELECT 1 FROM ${s}.instance i WHERE i.id = m.instance
              AND i.seen > clock_timestamp() - $8 * interval '1 millisecond') AS elsewhere
          FROM taken JOIN ${s}.message m USING (id) LEFT JOIN ${s}.text t ON t.message = m.id ORDER BY taken.turn`,
      connection,
      term.epoch,
      now + 1,
      now + LONGEST_WAIT_MS,
      except.map((facility) => this.#hidden.hide(facility)),
      most,
      this.#instance,
      this.#deadMs,
      this.#takings(connection),
    );
    for (const row of found) {
      const { epoch } = term;
      this.#taken.set(Number(row['id']), { connection, epoch, taking: String(row['taking']) });
    }
    const messages: StoredMessage[] = [];
    for (const row of found) {
      try {
        messages.push(await this.#stored(this.#db, row));
      } catch (error) {
        const id = Number(row['id']);
        // Where the database is away, it is free again when it is back.
        if (!(error instanceof UnreadableText)) this.#taken.delete(id);
        else await this.#setAside(id);
      }
    }
    return messages;
  }

  async settle(settled: SettledMessage, attempt: Attempt, hold: boolean): Promise<void> {
    const { message, state, outcome, expired } = settled;
    const result = this.#cipher.seal(JSON.stringify(outcome), placeOfResult(message.id));
    await this.#end(message.id, state, message.attempts, attempt, hold, { expired, result, told: 0 });
  }

  async postpone(id: number, until: number, { at, outcome, reason, counts }: Attempt): Promise<void> {
    const { connection, epoch, taking } = this.#takenBy(id);
    const s = this.#schema;
    const done = await this.#db.get(
      `WITH l AS (SELECT 1 FROM ${s}.lease WHERE connection = $1 AND epoch = $2 AND holder = $3 FOR SHARE),
        q AS (UPDATE ${s}.queue q SET taken = NULL, due = $9, turn = nextval('${s}.turn') FROM ${s}.message m
          WHERE m.id = $5 AND q.connection = m.connection AND q.order_key = m.order_key AND q.taken = $10
            AND EXISTS (SELECT 1 FROM l) RETURNING 1),
        m AS (UPDATE ${s}.message SET attempts = attempts + 1, unclear = unclear + $4 WHERE id = $5 AND EXISTS (SELECT 1 FROM q)),
        a AS (INSERT INTO ${s}.attempt (message, at, outcome, reason) SELECT $5, $6, $7, $8 FROM q)
        SELECT count(*) AS n FROM q`,
      connection,
      epoch,
      this.#instance,
      counts ? 1 : 0,
      id,
      at,
      outcome,
      reason,
      until,
      taking,
    );
    await this.#left(id, connection);
    if (Number(done?.['n']) === 0) throw new TakenOver();
  }

  async giveBack(id: number): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined) return;
    const { connection, taking } = taken;
    await this.#db.all(
      `UPDATE ${this.#schema}.queue q SET taken = NULL FROM ${this.#schema}.message m
        WHERE m.id = $1 AND q.connection = m.connection AND q.order_key = m.order_key AND q.taken = $2`,
      id,
      taking,
    );
    await this.#left(id, connection);
  }

  async untold(connection: string, sender: string): Promise<SettledMessage[]> {
    const rows = await this.#db.all(
      `SELECT ${COLUMNS_OF_M}, ${TEXT_COLUMNS}, state, expired, result
        FROM ${this.#schema}.message m LEFT JOIN ${this.#schema}.text t ON t.message = m.id WHERE connection = $1 AND sender = $2 AND told = 0 AND kept = 1 AND (instance = $3 OR ($4::boolean AND NOT EXISTS
          (SELECT 1 FROM ${this.#schema}.instance i WHERE i.id = m.instance
            AND i.seen > clock_timestamp() - $5 * interval '1 millisecond'))) ORDER BY position`,
      connection,
      sender,
      this.#instance,
      this.#leases.epoch(connection) === undefined ? 0 : 1,
      this.#deadMs,
    );
    const untold: SettledMessage[] = [];
    for (const row of rows) {
      const id = Number(row['id']);
      if (this.#toldIds.has(id)) continue;
      untold.push({
        message: await this.#stored(this.#db, row),
        state: row['state'] as SettledMessage['state'],
        outcome: JSON.parse(this.#cipher.open(row['result'], placeOfResult(id))) as SettledMessage['outcome'],
        expired: row['expired'] === 1,
      });
    }
    return untold;
  }

  async told(id: number): Promise<void> {
    this.#toldIds.add(id);
    this.#toldTimer ??= setTimeout(() => void this.#noteTold(), TOLD_MS);
  }

  async nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    const term = await this.#leases.acquire(connection);
    if (term === undefined) return undefined;
    const { epoch } = term;
    const s = this.#schema;
    const row = await this.#db.get(
      `SELECT min(q.due) AS due FROM ${s}.queue q WHERE q.connection = $1 AND q.waiting > 0 AND q.held_by IS NULL
        AND (q.taken IS NULL OR q.epoch < $2 OR q.taken <> ALL ($4::bigint[])) AND (cardinality($3::text[]) = 0 OR
          (SELECT m.facility FROM ${s}.message m WHERE m.connection = q.connection AND m.order_key = q.order_key
            AND m.state = 'queued' ORDER BY m.position LIMIT 1) <> ALL ($3::text[]))`,
      connection,
      epoch,
      except.map((facility) => this.#hidden.hide(facility)),
      this.#takings(connection),
    );
    return row?.['due'] === null || row === undefined ? undefined : Number(row['due']);
  }

  async elsewhere(connection: string, address: string): Promise<Addressed[]> {
    // Messages that were moved here from a file of an early version name none; there was one, and it is taken to be this.
    await this.#db.all(
      `UPDATE ${this.#schema}.message SET address = $2 WHERE connection = $1 AND state = 'queued' AND address = ''`,
      connection,
      address,
    );
    const rows = await this.#db.all(
      `SELECT address, count(*) AS n FROM ${this.#schema}.message
        WHERE connection = $1 AND state = 'queued' AND address <> $2 GROUP BY address`,
      connection,
      address,
    );
    return rows.map((row) => ({ address: row['address'] as string, count: Number(row['n']) }));
  }

  async readdress(connection: string, address: string): Promise<number> {
    const rows = await this.#db.all(
      `UPDATE ${this.#schema}.message SET address = $2 WHERE connection = $1 AND state = 'queued' AND address <> $2
        RETURNING id`,
      connection,
      address,
    );
    await this.#say(connection);
    return rows.length;
  }

  async discard(connection: string, address: string, reason: string, at: number): Promise<number> {
    const s = this.#schema;
    const count = await this.#db.transaction(async (sql) => {
      const found = await sql.all(
        `SELECT id, order_key FROM ${s}.message WHERE connection = $1 AND state = 'queued' AND address <> $2 FOR UPDATE`,
        connection,
        address,
      );
      for (const row of found) {
        const id = Number(row['id']);
        const result = this.#cipher.seal(JSON.stringify({ outcome: 'discarded', reason }), placeOfResult(id));
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
    const rows = await this.#db.all(
      `UPDATE ${this.#schema}.queue SET held_by = NULL, due = 0, turn = nextval('${this.#schema}.turn')
        WHERE connection = $1 AND held_by IS NOT NULL AND ($2::text IS NULL OR order_key = $2) RETURNING order_key`,
      connection,
      orderKey ?? null,
    );
    await this.#say(connection);
    return rows.length;
  }

  failed(connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    return this.#failures.list(this.#db, connection, sender, most);
  }

  async findFailed(connection: string, which: FailedReference): Promise<StoredMessage | undefined> {
    const row = await this.#failures.find(this.#db, connection, which);
    return row && this.#stored(this.#db, row);
  }

  async replay(which: FailedReference, message: NewMessage, terms: ReplayTerms): Promise<Replayed> {
    const replayed = await this.#db.transaction((sql) =>
      this.#failures.replay(sql, which, message, terms, this.#instance),
    );
    this.#toldIds.delete(which.id);
    await this.#say(message.connection);
    return replayed;
  }

  async queued(connection: string, most: number): Promise<number> {
    const row = await this.#db.get(
      `SELECT count(*) AS n FROM (SELECT 1 FROM ${this.#schema}.message WHERE connection = $1 AND state = 'queued' LIMIT $2) few`,
      connection,
      most,
    );
    return Number(row?.['n']);
  }

  async held(connection: string): Promise<number> {
    const row = await this.#db.get(
      `SELECT count(*) AS n FROM ${this.#schema}.queue WHERE connection = $1 AND held_by IS NOT NULL`,
      connection,
    );
    return Number(row?.['n']);
  }

  async counts(connection: string): Promise<Counts> {
    const row = await this.#db.get(
      `SELECT coalesce(sum(waiting), 0) AS queued, coalesce(sum(waiting) FILTER (WHERE held_by IS NOT NULL), 0) AS held
        FROM ${this.#schema}.queue WHERE connection = $1`,
      connection,
    );
    return { queued: Number(row?.['queued']), held: Number(row?.['held']) };
  }

  async close(): Promise<void> {
    clearInterval(this.#looker);
    for (const timer of this.#looks.values()) clearTimeout(timer);
    this.#sweeper.stop();
    await this.#intake.end();
    clearTimeout(this.#toldTimer);
    // Where the database is away, leases end by themselves, and flows are told once more.
    await atMost(CLOSE_MS, this.#toldIds.size > 0 ? this.#noteTold() : undefined);
    clearTimeout(this.#toldTimer);
    await atMost(CLOSE_MS, this.#leases.close());
    await atMost(CLOSE_MS, Promise.all([this.#listener.close(), this.#db.close()]));
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

  /** Ends a message's life, where this process still sends for its connection. */
  async #end(
    id: number,
    state: string,
    attempts: number,
    { at, outcome, reason }: Attempt,
    hold: boolean,
    { expired, result, told }: { expired: boolean; result: Buffer; told: number },
  ): Promise<void> {
    const { connection, epoch, taking } = this.#takenBy(id);
    const s = this.#schema;
    const done = await this.#db.get(
      `WITH l AS (SELECT 1 FROM ${s}.lease WHERE connection = $1 AND epoch = $2 AND holder = $3 FOR SHARE),
        q AS (UPDATE ${s}.queue q SET waiting = waiting - 1, taken = NULL, due = 0, turn = nextval('${s}.turn'),
            held_by = CASE WHEN $13::boolean THEN $4 ELSE q.held_by END
          FROM ${s}.message m WHERE m.id = $4 AND q.connection = m.connection AND q.order_key = m.order_key
            AND q.taken = $14 AND EXISTS (SELECT 1 FROM l) RETURNING 1),
        m AS (UPDATE ${s}.message SET state = $5, attempts = $6, settled_at = $7, told = $8, expired = $9, result = $10
          WHERE id = $4 AND state = 'queued' AND EXISTS (SELECT 1 FROM q) RETURNING instance),
        a AS (INSERT INTO ${s}.attempt (message, at, outcome, reason) SELECT $4, $7, $11, $12 FROM m)
        SELECT count(*) AS n, count(CASE WHEN instance <> $3 THEN pg_notify('${s}', 'told ' || instance || ' ' || $1) END) AS said FROM m`,
      connection,
      epoch,
      this.#instance,
      id,
      state,
      attempts,
      at,
      told,
      expired ? 1 : 0,
      result,
      outcome,
      reason,
      hold ? 1 : 0,
      taking,
    );
    await this.#left(id, connection);
    if (Number(done?.['n']) === 0) throw new TakenOver();
  }

  /** Ends the life of a message whose text cannot be read, so that those behind it go on. It stays in the database. */
  async #setAside(id: number): Promise<void> {
    const reason = 'Its text cannot be read from the outbox.';
    const result = this.#cipher.seal(JSON.stringify({ outcome: 'unreadable', reason }), placeOfResult(id));
    const attempt = { at: Date.now(), outcome: 'unknown', reason, counts: false } as const;
    await this.#end(id, 'undeliverable', 0, attempt, false, { expired: false, result, told: 1 });
  }

  /** The takings of a connection that this process knows. */
  #takings(connection: string): string[] {
    return [...this.#taken.values()]
      .filter((one) => one.connection === connection)
      .map(({ taking }) => taking);
  }

  #takenBy(id: number): Taken {
    const taken = this.#taken.get(id);
    if (taken === undefined) throw new TakenOver();
    return taken;
  }

  /** A message is no longer this process's; a lease that is to go to another process goes when the last is. */
  async #left(id: number, connection: string): Promise<void> {
    this.#taken.delete(id);
    if (!this.#leases.isLeaving(connection)) return;
    if ([...this.#taken.values()].some((taken) => taken.connection === connection)) return;
    await this.#leases.handOver(connection).catch(() => undefined);
  }

  async #noteTold(): Promise<void> {
    clearTimeout(this.#toldTimer);
    this.#toldTimer = undefined;
    const ids = [...this.#toldIds];
    try {
      await this.#db.all(
        `UPDATE ${this.#schema}.message SET told = 1 WHERE id = ANY ($1::bigint[]) AND told = 0`,
        ids,
      );
      for (const id of ids) this.#toldIds.delete(id);
      if (this.#retentionMs === 0) await this.#sweeper.sweep();
    } catch {
      this.#toldTimer ??= setTimeout(() => void this.#noteTold(), LOOK_MS);
    }
  }

  async #stored(sql: Sql, row: Row): Promise<StoredMessage> {
    const texts = await this.#bodies.read(sql, row);
    const message = this.#rows.messageOf(row, texts);
    return row['elsewhere'] === true ? { ...message, toldElsewhere: true } : message;
  }

  /** Tells the process that sends for a connection that there may be something to do. */
  async #say(connection: string): Promise<void> {
    for (const part of this.#parts.get(connection) ?? []) part.wake();
    if (this.#leases.epoch(connection) !== undefined) return;
    // Whoever does not hear it looks by itself.
    await notify(this.#db, this.#schema, connection).catch(() => undefined);
  }

  /** @param text `send <connection>` or `told <instance> <connection>` */
  #heard(text: string): void {
    const [what, whom] = [text.slice(0, 5), text.slice(5)];
    if (what === 'send ') for (const part of this.#parts.get(whom) ?? []) part.wake();
    const [instance = '', ...connection] = whom.split(' ');
    if (what === 'told ' && instance === this.#instance) this.#lookSoon(connection.join(' '));
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
      if (this.#leases.isLeaving(connection)) void this.#left(0, connection);
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

/**
 * Makes the statement that selects it commit without waiting for the disk. Only for a taking: one that a crash of the
 * database loses leaves the message pending, where it was; it is sent again.
 */
const UNSYNCED = `(SELECT set_config('synchronous_commit', 'off', true)) AS unsynced`;
