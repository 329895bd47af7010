/** Erases what is past its time in a PostgreSQL outbox, a little at a time; one process at a time does so. */
import type { Bodies } from './bodies.js';
import type { Database } from './database.js';
import { AUDIT_MS, FAILED_MS, UNTOLD_MS } from '../retention.js';

const SWEEP_MS = 3_600_000;
const SWEEP_AGAIN_MS = 200;
const SWEEP_MESSAGES = 500;

/** Any number that no other program is likely to lock by. */
const SWEEP_LOCK = 5_022_441_002;

/** Erases. */
export class Sweeper {
  readonly #db: Database;
  readonly #schema: string;
  readonly #bodies: Bodies;
  readonly #retentionMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param retentionMs how long texts of accepted messages are kept */
  constructor(db: Database, schema: string, bodies: Bodies, retentionMs: number) {
    this.#db = db;
    this.#schema = schema;
    this.#bodies = bodies;
    this.#retentionMs = retentionMs;
  }

  start(): void {
    this.#in(SWEEP_AGAIN_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Erases some. @returns whether there may be more */
  async sweep(now = Date.now()): Promise<boolean> {
    const s = this.#schema;
    return this.#db.transaction(async (sql) => {
      const lock = await sql.get('SELECT pg_try_advisory_xact_lock($1) AS got', SWEEP_LOCK);
      if (lock?.['got'] !== true) return false;
      const accepted = now - this.#retentionMs;
      const erased = await sql.all(
        `UPDATE ${s}.message SET kept = 0, in_parts = 0, result = NULL WHERE id IN (
          SELECT id FROM ${s}.message WHERE kept = 1 AND state <> 'queued' AND settled_at < CASE
            WHEN state <> 'accepted' THEN $1::bigint WHEN told = 1 THEN $2::bigint ELSE $3::bigint END LIMIT $4)
          RETURNING id`,
        now - FAILED_MS,
        accepted,
        accepted - UNTOLD_MS,
        SWEEP_MESSAGES,
      );
      const old = await sql.all(
        `DELETE FROM ${s}.message WHERE id IN (
          SELECT id FROM ${s}.message WHERE state <> 'queued' AND settled_at < $1 LIMIT $2) RETURNING id`,
        now - AUDIT_MS,
        SWEEP_MESSAGES,
      );
      const ids = [...erased, ...old].map(({ id }) => Number(id));
      if (ids.length > 0) await this.#bodies.remove(sql, ids);
      await sql.all(
        `DELETE FROM ${s}.attempt WHERE message = ANY ($1::bigint[])`,
        old.map(({ id }) => Number(id)),
      );
      const items = await sql.all(
        `DELETE FROM ${s}.item WHERE id IN (SELECT id FROM ${s}.item WHERE at < $1 LIMIT $2) RETURNING id`,
        now - AUDIT_MS,
        SWEEP_MESSAGES,
      );
      await sql.all(
        `DELETE FROM ${s}.run WHERE started_at < $1 AND NOT EXISTS (SELECT 1 FROM ${s}.item WHERE run = run.name)`,
        now - AUDIT_MS,
      );
      const letters = await sql.all(
        `DELETE FROM ${s}.letter WHERE id IN (SELECT id FROM ${s}.letter WHERE state <> 'watched' AND ended_at < $1 LIMIT $2)
          RETURNING id`,
        now - AUDIT_MS,
        SWEEP_MESSAGES,
      );
      await sql.all(`DELETE FROM ${s}.instance WHERE seen < clock_timestamp() - interval '1 day'`);
      // Last, and without waiting for others: a row that is locked here is passed over by who takes messages.
      await sql.all(
        `DELETE FROM ${s}.queue WHERE (connection, order_key) IN (SELECT connection, order_key FROM ${s}.queue
          WHERE waiting = 0 AND held_by IS NULL FOR UPDATE SKIP LOCKED)`,
      );
      return [ids, items, letters].some(({ length }) => length >= SWEEP_MESSAGES);
    });
  }

  #in(milliseconds: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.sweep().then(
        (more) => this.#in(more ? SWEEP_AGAIN_MS : SWEEP_MS),
        () => this.#in(SWEEP_MS),
      );
    }, milliseconds);
    this.#timer.unref();
  }
}
