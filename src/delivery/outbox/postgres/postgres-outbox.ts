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
import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { PkbConfigError } from '../../../errors.js';
import { LONGEST_WAIT_MS } from '../../retry.js';
import { BodyCipher, formOf, Hidden } from '../cipher.js';
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
  unchangedError,
} from '../contract.js';
import { MessageRows, placeOfResult, WRITTEN } from '../message-row.js';
import type { Row, Value } from '../row.js';
import { Bodies, TEXT_COLUMNS, UnreadableText } from './bodies.js';
import { Database, type Sql } from './database.js';
import { COLUMNS_OF_M, Failures } from './failures.js';
import { LEASE_TIMES, Leases, type LeaseTimes } from './leases.js';
import { Listener } from './listener.js';
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

/** So many messages share a transaction. */
const BATCH = 500;
const BATCH_CHARACTERS = 4_000_000;

/** How many ids are fetched beforehand. */
const IDS = 1000;

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

interface Waiting {
  readonly message: NewMessage;
  readonly resolve: (id: number) => void;
  readonly reject: (error: unknown) => void;
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
  readonly #waiting: Waiting[] = [];
  readonly #ids: number[] = [];
  readonly #toldIds = new Set<number>();
  #storing: Promise<void> | undefined;
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
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      this.#storeSoon();
    });
  }

  #storeSoon(): void {
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
      // What was handed in between the last look and now.
      if (this.#waiting.length > 0) this.#storeSoon();
    });
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
    while (this.#storing) await this.#storing;
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

  /** Stores what waits, many in one transaction, until nothing waits. */
  async #store(): Promise<void> {
    // What is handed in during one turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchLength());
      try {
        const ids = await this.#insert(batch.map(({ message }) => message));
        for (const [i, { resolve, reject }] of batch.entries()) {
          const id = ids[i];
          if (id === undefined) reject(unchangedError());
          else resolve(id);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  /** How many of those that wait share the next transaction: long ones are few, so that no statement is very large. */
  #batchLength(): number {
    let characters = 0;
    let count = 0;
    for (const { message } of this.#waiting) {
      characters += message.body.length + message.carried.length;
      if (count === BATCH || (count > 0 && characters > BATCH_CHARACTERS)) break;
      count++;
    }
    return count;
  }

  /** Stores messages in their order. @returns their ids; undefined for one that PKB has refused before */
  async #insert(messages: readonly NewMessage[]): Promise<(number | undefined)[]> {
    const s = this.#schema;
    const ids = await this.#newIds(messages.length);
    const columns: readonly string[] = ['id', 'connection', ...WRITTEN];
    const given = messages.map((message, i): Value[] => {
      const id = ids[i] ?? 0;
      return [id, message.connection, ...this.#rows.writtenValues(id, message)];
    });
    const types = columns.map((column) => COLUMN_TYPES[column] ?? 'text');
    const arrays = columns.map((_, c) => given.map((row) => arrayValue(row[c] ?? null)));
    const stored = await this.#db.transaction(async (sql) => {
      const rows = await sql.all(
        `WITH given AS (SELECT * FROM unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})
              WITH ORDINALITY AS g (${columns.join(', ')}, n)),
            fit AS (SELECT g.* FROM given g WHERE NOT EXISTS (SELECT 1 FROM ${s}.message r WHERE r.connection = g.connection
              AND r.digest = g.digest AND r.state IN ('rejected', 'errored'))),
            keys AS (SELECT connection, order_key, count(*) AS n, min(n) AS first FROM fit GROUP BY 1, 2),
            q AS (INSERT INTO ${s}.queue AS q (connection, order_key, waiting, turn)
              SELECT connection, order_key, n, nextval('${s}.turn') FROM (SELECT * FROM keys ORDER BY connection, order_key) k
              ON CONFLICT (connection, order_key) DO UPDATE SET waiting = q.waiting + excluded.waiting,
                turn = CASE WHEN q.waiting = 0 THEN excluded.turn ELSE q.turn END,
                due = CASE WHEN q.waiting = 0 THEN 0 ELSE q.due END
              RETURNING q.connection, q.order_key)
          INSERT INTO ${s}.message (${columns.join(', ')}, instance, position)
            SELECT ${columns.join(', ')}, $${columns.length + 1}, nextval('${s}.position')
              FROM (SELECT fit.* FROM fit JOIN q USING (connection, order_key) ORDER BY fit.n) o RETURNING id`,
        ...arrays,
        this.#instance,
      );
      const written = new Set(rows.map(({ id }) => Number(id)));
      const texts = messages.map(({ body, carried }, i) => ({ id: ids[i] ?? 0, body, carried }));
      await this.#bodies.store(
        sql,
        texts.filter(({ id }) => written.has(id)),
      );
      const others = new Set(messages.map(({ connection }) => connection));
      for (const connection of others)
        if (this.#leases.epoch(connection) === undefined) await notify(sql, s, connection);
      return written;
    });
    return ids.map((id) => (stored.has(id) ? id : undefined));
  }

  async #newIds(count: number): Promise<number[]> {
    if (this.#ids.length < count) {
      const rows = await this.#db.all(
        `SELECT nextval('${this.#schema}.message_id') AS id FROM generate_series(1, $1)`,
        count + IDS,
      );
      for (const { id } of rows) this.#ids.push(Number(id));
    }
    return this.#ids.splice(0, count);
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

/** Types of the columns that a message is stored with, where not text. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  id: 'bigint',
  identity: 'bytea',
  in_parts: 'integer',
  hold: 'integer',
  ask: 'integer',
  stored_at: 'bigint',
};

/** A value as it stands in an array; bytes in PostgreSQL's own notation. */
function arrayValue(value: Value): string | number | null {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value;
}

async function notify(sql: Sql, schema: string, connection: string): Promise<void> {
  await sql.all('SELECT pg_notify($1, $2)', schema, `send ${connection}`);
}

/** What seals texts and hashes names. */
interface Keys {
  readonly cipher: BodyCipher;
  readonly secret: Buffer;
}

/** The keys of a database, made by whoever comes first. */
async function keysOf(db: Database, schema: string, password: string): Promise<Keys> {
  return db.transaction(async (sql) => {
    await sql.all(`LOCK TABLE ${schema}.meta IN SHARE ROW EXCLUSIVE MODE`);
    const read = async (key: string): Promise<Buffer | undefined> =>
      (await sql.get(`SELECT value FROM ${schema}.meta WHERE key = $1`, key))?.['value'] as
        Buffer | undefined;
    const write = async (key: string, value: Buffer): Promise<void> => {
      await sql.all(`INSERT INTO ${schema}.meta (key, value) VALUES ($1, $2)`, key, value);
    };
    const salt = await read('salt');
    if (salt === undefined) {
      const newSalt = randomBytes(16);
      const cipher = new BodyCipher(password, newSalt);
      const secret = randomBytes(32);
      await write('salt', newSalt);
      await write('secret', cipher.seal(secret.toString('hex'), 'meta.secret'));
      await write('check', cipher.seal('check', 'meta.check'));
      return { cipher, secret };
    }
    const check = (await read('check')) ?? Buffer.alloc(0);
    if (password !== '' && formOf(check) === 'plain') {
      throw new PkbConfigError(
        'PKB_SETTING',
        'The outbox in this database was made without encryption. Leave the password blank, or move its messages to another schema (docs/scale.md).',
      );
    }
    const cipher = new BodyCipher(password, salt);
    cipher.open(check, 'meta.check');
    return { cipher, secret: Buffer.from(cipher.open(await read('secret'), 'meta.secret'), 'hex') };
  });
}
