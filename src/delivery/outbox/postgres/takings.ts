/**
 * What a process has taken from a PostgreSQL outbox to send it, from the taking to its end. Every write names the taking, so that
 * one that is made twice, because its answer was lost, does nothing the second time; and it is refused once another process has
 * the lease.
 */
import { LONGEST_WAIT_MS } from '../../retry.js';
import { type SettledMessage, TakenOver } from '../contract.js';
import type { Attempt, StoredMessage } from '../messages.js';
import { placeOfResult } from '../message-row.js';
import { TEXT_COLUMNS, UnreadableText } from './bodies.js';
import { COLUMNS_OF_M } from './failures.js';
import type { Leases } from './leases.js';
import { messageOf, type StoreParts } from './parts.js';

/** A message that is in flight here. */
interface Taken {
  readonly connection: string;
  readonly epoch: number;
  /** The number of this taking. */
  readonly taking: string;
}

/** What this process has taken. */
export class Takings {
  readonly #parts: StoreParts;
  readonly #leases: Leases;
  readonly #taken = new Map<number, Taken>();
  /** The last take of each connection. */
  readonly #takes = new Map<string, Promise<unknown>>();

  constructor(parts: StoreParts, leases: Leases) {
    this.#parts = parts;
    this.#leases = leases;
  }

  /** One after the other for each connection: a second take would count an unfinished first one as lost. */
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
    const s = this.#parts.schema;
    const found = await this.#parts.db.all(
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
      except.map((facility) => this.#parts.hidden.hide(facility)),
      most,
      this.#parts.instance,
      this.#parts.deadMs,
      this.#takings(connection),
    );
    for (const row of found) {
      const { epoch } = term;
      this.#taken.set(Number(row['id']), { connection, epoch, taking: String(row['taking']) });
    }
    const messages: StoredMessage[] = [];
    for (const row of found) {
      try {
        messages.push(await messageOf(this.#parts, row));
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
    const result = this.#parts.cipher.seal(JSON.stringify(outcome), placeOfResult(message.id));
    await this.#end(message.id, state, message.attempts, attempt, hold, { expired, result, told: 0 });
  }

  async postpone(id: number, until: number, { at, outcome, reason, counts }: Attempt): Promise<void> {
    const { connection, epoch, taking } = this.#takenBy(id);
    const s = this.#parts.schema;
    const done = await this.#parts.db.get(
      `WITH l AS (SELECT 1 FROM ${s}.lease WHERE connection = $1 AND epoch = $2 AND holder = $3 FOR SHARE),
        q AS (UPDATE ${s}.queue q SET taken = NULL, due = $9, turn = nextval('${s}.turn') FROM ${s}.message m
          WHERE m.id = $5 AND q.connection = m.connection AND q.order_key = m.order_key AND q.taken = $10
            AND EXISTS (SELECT 1 FROM l) RETURNING 1),
        m AS (UPDATE ${s}.message SET attempts = attempts + 1, unclear = unclear + $4 WHERE id = $5 AND EXISTS (SELECT 1 FROM q)),
        a AS (INSERT INTO ${s}.attempt (message, at, outcome, reason) SELECT $5, $6, $7, $8 FROM q)
        SELECT count(*) AS n FROM q`,
      connection,
      epoch,
      this.#parts.instance,
      counts ? 1 : 0,
      id,
      at,
      outcome,
      reason,
      until,
      taking,
    );
    await this.left(id, connection);
    if (Number(done?.['n']) === 0) throw new TakenOver();
  }

  async giveBack(id: number): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken === undefined) return;
    const { connection, taking } = taken;
    await this.#parts.db.all(
      `UPDATE ${this.#parts.schema}.queue q SET taken = NULL FROM ${this.#parts.schema}.message m
        WHERE m.id = $1 AND q.connection = m.connection AND q.order_key = m.order_key AND q.taken = $2`,
      id,
      taking,
    );
    await this.left(id, connection);
  }

  async nextDue(connection: string, except: readonly string[]): Promise<number | undefined> {
    const term = await this.#leases.acquire(connection);
    if (term === undefined) return undefined;
    const { epoch } = term;
    const s = this.#parts.schema;
    const row = await this.#parts.db.get(
      `SELECT min(q.due) AS due FROM ${s}.queue q WHERE q.connection = $1 AND q.waiting > 0 AND q.held_by IS NULL
        AND (q.taken IS NULL OR q.epoch < $2 OR q.taken <> ALL ($4::bigint[])) AND (cardinality($3::text[]) = 0 OR
          (SELECT m.facility FROM ${s}.message m WHERE m.connection = q.connection AND m.order_key = q.order_key
            AND m.state = 'queued' ORDER BY m.position LIMIT 1) <> ALL ($3::text[]))`,
      connection,
      epoch,
      except.map((facility) => this.#parts.hidden.hide(facility)),
      this.#takings(connection),
    );
    return row?.['due'] === null || row === undefined ? undefined : Number(row['due']);
  }

  /** Notes that a message is no longer this process's; a lease that is to go to another process goes when the last is. */
  async left(id: number, connection: string): Promise<void> {
    this.#taken.delete(id);
    if (!this.#leases.isLeaving(connection)) return;
    if ([...this.#taken.values()].some((taken) => taken.connection === connection)) return;
    await this.#leases.handOver(connection).catch(() => undefined);
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
    const s = this.#parts.schema;
    const done = await this.#parts.db.get(
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
      this.#parts.instance,
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
    await this.left(id, connection);
    if (Number(done?.['n']) === 0) throw new TakenOver();
  }

  /** Ends the life of a message whose text cannot be read, so that those behind it go on. It stays in the database. */
  async #setAside(id: number): Promise<void> {
    const reason = 'Its text cannot be read from the outbox.';
    const result = this.#parts.cipher.seal(
      JSON.stringify({ outcome: 'unreadable', reason }),
      placeOfResult(id),
    );
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
}

/**
 * A statement that selects this commits without waiting for the disk. Only for takings: if a crash of the database loses
 * one, its message is pending in its old place, and is sent again.
 */
const UNSYNCED = `(SELECT set_config('synchronous_commit', 'off', true)) AS unsynced`;
