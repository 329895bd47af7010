/**
 * The way into a PostgreSQL outbox: messages are stored in the order in which they are handed in, many in one transaction.
 */
import { unchangedError } from '../contract.js';
import type { NewMessage } from '../messages.js';
import { WRITTEN } from '../message-row.js';
import { MOVED, refuseMoved } from '../move.js';
import type { Value } from '../row.js';
import { columnArrays } from './columns.js';
import { AlreadyThere, AnswerLost } from './database.js';
import { readMeta } from './keys.js';
import { notify } from './listener.js';
import type { StoreParts } from './parts.js';

/** So many messages share a transaction. */
const BATCH = 500;
const BATCH_CHARACTERS = 4_000_000;

/** How many ids are fetched beforehand. */
const IDS = 1000;

interface Waiting {
  readonly message: NewMessage;
  readonly resolve: (id: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Stores messages. */
export class Intake {
  readonly #parts: StoreParts;
  readonly #isLed: (connection: string) => boolean;
  readonly #waiting: Waiting[] = [];
  readonly #ids: number[] = [];
  #storing: Promise<void> | undefined;

  /** @param isLed whether this process sends for a connection, so that no other need hear of a message */
  constructor(parts: StoreParts, isLed: (connection: string) => boolean) {
    this.#parts = parts;
    this.#isLed = isLed;
  }

  /** Stores a message. @returns its id, once its transaction has been committed @throws as `Outbox.add` */
  add(message: NewMessage): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      this.#storeSoon();
    });
  }

  /** Resolves when all that was handed in has been answered. */
  async end(): Promise<void> {
    while (this.#storing) await this.#storing;
  }

  #storeSoon(): void {
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
      // What was handed in between the last look and now.
      if (this.#waiting.length > 0) this.#storeSoon();
    });
  }

  /** Stores what waits, many in one transaction, until nothing waits. */
  async #store(): Promise<void> {
    // What is handed in during one turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#batchLength());
      try {
        const messages = batch.map(({ message }) => message);
        const ids = await this.#insertOnce(messages, await this.#newIds(messages.length));
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

  /**
   * Stores messages in their order, once: where the answer is lost, it is asked again with the same ids, which are there then or
   * are not.
   *
   * @returns their ids; undefined for one that PKB has refused before
   */
  async #insertOnce(
    messages: readonly NewMessage[],
    ids: readonly number[],
  ): Promise<(number | undefined)[]> {
    try {
      return await this.#insert(messages, ids);
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
      return this.#insertAgain(messages, ids);
    }
  }

  async #insertAgain(
    messages: readonly NewMessage[],
    ids: readonly number[],
  ): Promise<(number | undefined)[]> {
    const { db, schema } = this.#parts;
    try {
      // Waits for the first, if that is still under way.
      return await this.#insert(messages, ids);
    } catch (error) {
      if (error instanceof AlreadyThere) {
        const rows = await db.all(`SELECT id FROM ${schema}.message WHERE id = ANY ($1::bigint[])`, ids);
        const there = new Set(rows.map(({ id }) => Number(id)));
        return ids.map((id) => (there.has(id) ? id : undefined));
      }
      if (!(error instanceof AnswerLost)) throw error;
      throw new AnswerLost(`${error.message} The message may have been stored all the same.`);
    }
  }

  async #insert(messages: readonly NewMessage[], ids: readonly number[]): Promise<(number | undefined)[]> {
    const { db, schema: s, rows, bodies, instance } = this.#parts;
    const columns: readonly string[] = ['id', 'connection', ...WRITTEN];
    const given = messages.map((message, i): Value[] => {
      const id = ids[i] ?? 0;
      return [id, message.connection, ...rows.writtenValues(id, message)];
    });
    const { arrays, unnest } = columnArrays(columns, COLUMN_TYPES, given);
    const stored = await db.transaction(async (sql) => {
      const inserted = await sql.all(
        `WITH given AS (SELECT * FROM ${unnest} WITH ORDINALITY AS g (${columns.join(', ')}, n)),
            fit AS (SELECT g.* FROM given g WHERE NOT EXISTS (SELECT 1 FROM ${s}.meta WHERE key = '${MOVED}')
              AND NOT EXISTS (SELECT 1 FROM ${s}.message r WHERE r.connection = g.connection
              AND r.digest = g.digest AND r.state IN ('rejected', 'errored'))),
            keys AS (SELECT connection, order_key, count(*) AS n FROM fit GROUP BY 1, 2),
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
        instance,
      );
      const written = new Set(inserted.map(({ id }) => Number(id)));
      if (written.size < ids.length) refuseMoved(await readMeta(sql, s, MOVED));
      const texts = messages.map(({ body, carried }, i) => ({ id: ids[i] ?? 0, body, carried }));
      await bodies.store(
        sql,
        texts.filter(({ id }) => written.has(id)),
      );
      const others = new Set(messages.map(({ connection }) => connection));
      for (const connection of others) if (!this.#isLed(connection)) await notify(sql, s, connection);
      return written;
    });
    return ids.map((id) => (stored.has(id) ? id : undefined));
  }

  async #newIds(count: number): Promise<number[]> {
    if (this.#ids.length < count) {
      const { db, schema } = this.#parts;
      const rows = await db.all(
        `SELECT nextval('${schema}.message_id') AS id FROM generate_series(1, $1)`,
        count + IDS,
      );
      for (const { id } of rows) this.#ids.push(Number(id));
    }
    return this.#ids.splice(0, count);
  }
}

/** Types of the columns that a message is stored with, where not text. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  id: 'bigint',
  identity: 'bytea',
  in_parts: 'integer',
  hold: 'integer',
  ask: 'integer',
  stored_at: 'bigint',
};
