/**
 * Which process sends for a connection: one at a time, by a lease in the database.
 *
 * States of a lease, and what moves it on:
 *
 * - *free*: nobody has it, or its time and the grace after it are over by the database's clock. The first process that asks
 *   gets it, with the next epoch.
 * - *held*: its holder renews it well before its end. Every write of a sender names its epoch, and fails when another
 *   process has taken over.
 * - *ending*: it could not be renewed. Its holder counts from the moment at which it asked for the last renewal, by a clock
 *   that nobody can set, and ends its requests before the lease is over.
 * - *grace*: over, and not yet free. A holder that was stopped (frozen, swapped out) cannot end its requests; they end by
 *   their own time limit, which is why the grace is as long as that.
 *
 * A crash of the holder leaves *held*, which becomes *free* by itself. What it had in flight is then sent again.
 */
import { setMaxListeners } from 'node:events';
import { MOVED } from '../move.js';
import type { Database } from './database.js';

/** How leases are kept, in milliseconds. */
export interface LeaseTimes {
  /** How long a lease is given for. */
  readonly leaseMs: number;
  /** How often it is renewed. */
  readonly renewMs: number;
  /** How long before its end requests are ended. */
  readonly marginMs: number;
}

/** The usual times. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 10_000, renewMs: 3000, marginMs: 2000 };

/** One process's time as the sender of a connection. */
export interface Term {
  readonly connection: string;
  readonly epoch: number;
  /** Ends the requests of this term. */
  readonly signal: AbortSignal;
}

interface HeldTerm extends Term {
  readonly end: AbortController;
  /** By `performance.now()`: until then requests may run. */
  safeUntil: number;
  timer: NodeJS.Timeout | undefined;
  /** Being handed over to another process: nothing new is begun. */
  leaving: boolean;
}

/** How long a process stays away from a connection that it has handed over, in renewals. */
const AWAY_RENEWALS = 3;

/** The leases of one process. */
export class Leases {
  readonly #db: Database;
  readonly #schema: string;
  readonly #instance: string;
  readonly #times: LeaseTimes;
  readonly #terms = new Map<string, HeldTerm>();
  /** Connections that this process would send for, with the time limit of their requests in milliseconds. */
  readonly #joined = new Map<string, number>();
  /** Until when, by `performance.now()`, connections are left to others. */
  readonly #away = new Map<string, number>();
  /** Those that are being asked for. */
  readonly #asking = new Map<string, Promise<Term | undefined>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Database, schema: string, instance: string, times: LeaseTimes) {
    this.#db = db;
    this.#schema = schema;
    this.#instance = instance;
    this.#times = times;
  }

  /** Says that this process lives, and from now on renews what it holds. */
  async begin(): Promise<void> {
    await this.#beat();
    this.#schedule();
  }

  /** This process has a sender for a connection. @param requestMs how long a request may take */
  join(connection: string, requestMs: number): void {
    this.#joined.set(connection, requestMs);
  }

  /** The term of a connection, where this process may begin a request now. */
  term(connection: string): Term | undefined {
    const held = this.#terms.get(connection);
    if (held === undefined || held.leaving) return undefined;
    if (performance.now() < held.safeUntil) return held;
    // The process was stopped, so that its timers did not run.
    this.#lose(held);
    return undefined;
  }

  /** The epoch of a connection by which this process may write; undefined where it has none. */
  epoch(connection: string): number | undefined {
    return this.#terms.get(connection)?.epoch;
  }

  /** Asks for a lease, where this process does not hold it. @returns undefined where another process has it */
  async acquire(connection: string): Promise<Term | undefined> {
    const held = this.#terms.get(connection);
    if (held !== undefined) return this.term(connection);
    if (this.#closed || (this.#away.get(connection) ?? 0) > performance.now()) return undefined;
    const asking = this.#asking.get(connection) ?? this.#ask(connection);
    this.#asking.set(connection, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(connection);
    }
  }

  /** Ends a term whose requests have ended, so that another process need not wait. */
  async release(connection: string): Promise<void> {
    this.#joined.delete(connection);
    const held = this.#terms.get(connection);
    if (held === undefined) return;
    this.#lose(held);
    await this.#free(held);
  }

  /** Whether nothing new is begun for a connection, since it is to go to another process. */
  isLeaving(connection: string): boolean {
    return this.#terms.get(connection)?.leaving ?? false;
  }

  /** Hands a lease over whose requests have ended. */
  async handOver(connection: string): Promise<void> {
    const held = this.#terms.get(connection);
    if (held === undefined) return;
    this.#away.set(connection, performance.now() + AWAY_RENEWALS * this.#times.renewMs);
    this.#lose(held);
    await this.#free(held);
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#terms.keys()].map((connection) => this.release(connection)));
    await this.#db.all(`DELETE FROM ${this.#schema}.instance WHERE id = $1`, this.#instance);
  }

  async #ask(connection: string): Promise<Term | undefined> {
    const asked = performance.now();
    const row = await this.#db.get(
      `INSERT INTO ${this.#schema}.lease AS l (connection, holder, epoch, until, grace_ms)
        SELECT $1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond', $4::integer
          WHERE NOT EXISTS (SELECT 1 FROM ${this.#schema}.meta WHERE key = '${MOVED}')
        ON CONFLICT (connection) DO UPDATE
          SET holder = excluded.holder, epoch = l.epoch + 1, until = excluded.until, grace_ms = excluded.grace_ms
          WHERE l.until + l.grace_ms * interval '1 millisecond' < clock_timestamp()
        RETURNING epoch`,
      connection,
      this.#instance,
      this.#times.leaseMs,
      this.#joined.get(connection) ?? 0,
    );
    if (row === undefined || this.#closed) return undefined;
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    const held: HeldTerm = {
      connection,
      epoch: Number(row['epoch']),
      signal: end.signal,
      end,
      safeUntil: 0,
      timer: undefined,
      leaving: false,
    };
    this.#terms.set(connection, held);
    this.#extend(held, asked);
    return this.term(connection);
  }

  /** @param asked when the renewal was asked for, by `performance.now()`: the database counts from a later moment */
  #extend(held: HeldTerm, asked: number): void {
    const { leaseMs, marginMs } = this.#times;
    held.safeUntil = asked + leaseMs - marginMs;
    clearTimeout(held.timer);
    held.timer = setTimeout(() => this.#lose(held), Math.max(0, held.safeUntil - performance.now()));
    held.timer.unref();
  }

  #lose(held: HeldTerm): void {
    clearTimeout(held.timer);
    held.end.abort();
    if (this.#terms.get(held.connection) === held) this.#terms.delete(held.connection);
  }

  async #free({ connection, epoch }: Term): Promise<void> {
    await this.#db.all(
      `UPDATE ${this.#schema}.lease SET until = clock_timestamp(), grace_ms = 0
        WHERE connection = $1 AND epoch = $2 AND holder = $3`,
      connection,
      epoch,
      this.#instance,
    );
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#renew()
        // What cannot be renewed ends by its timer; the next turn tries again.
        .catch(() => undefined)
        .finally(() => this.#schedule());
    }, this.#times.renewMs);
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const asked = performance.now();
    const held = [...this.#terms.values()];
    if (held.length > 0) {
      const rows = await this.#db.all(
        `UPDATE ${this.#schema}.lease l SET until = clock_timestamp() + $1 * interval '1 millisecond'
          FROM unnest($2::text[], $3::bigint[]) AS mine (connection, epoch)
          WHERE l.connection = mine.connection AND l.epoch = mine.epoch AND l.holder = $4 RETURNING l.connection`,
        this.#times.leaseMs,
        held.map(({ connection }) => connection),
        held.map(({ epoch }) => epoch),
        this.#instance,
      );
      const renewed = new Set(rows.map(({ connection }) => connection));
      for (const term of held) {
        if (!renewed.has(term.connection)) this.#lose(term);
        else if (this.#terms.get(term.connection) === term) this.#extend(term, asked);
      }
    }
    await this.#beat();
    await this.#share();
  }

  /** Notes that this process lives. */
  async #beat(): Promise<void> {
    await this.#db.all(
      `INSERT INTO ${this.#schema}.instance (id, seen, connections, held) VALUES ($1, clock_timestamp(), $2::text[], $3)
        ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, connections = excluded.connections, held = excluded.held`,
      this.#instance,
      [...this.#joined.keys()],
      this.#terms.size,
    );
  }

  /** Leaves one connection to a process that sends for fewer, so that connections spread. */
  async #share(): Promise<void> {
    if (this.#terms.size < 2) return;
    const row = await this.#db.get(
      `SELECT connections FROM ${this.#schema}.instance WHERE id <> $1 AND held < $2 - 1 AND connections && $3::text[]
        AND seen > clock_timestamp() - $4 * interval '1 millisecond' ORDER BY held LIMIT 1`,
      this.#instance,
      this.#terms.size,
      [...this.#terms.keys()],
      this.#times.leaseMs,
    );
    const theirs = new Set(row?.['connections'] as string[] | undefined);
    const leaving = [...this.#terms.values()].find(({ connection }) => theirs.has(connection));
    if (leaving) leaving.leaving = true;
  }
}
