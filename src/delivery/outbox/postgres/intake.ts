/**
 * The way into a PostgreSQL outbox: messages are stored in the order in which they are handed in, many in one transaction.
 */
import { unchangedError } from '../contract.js';
import type { NewMessage } from '../messages.js';
import { WRITTEN } from '../message-row.js';
import { MOVED, refuseMoved } from '../move.js';
import type { Value } from '../row.js';
import { columnArrays } from './columns.js';
import { AlreadyThere, AnswerLost, type Sql } from './database.js';
import { readMeta } from './keys.js';
import { notify } from './listener.js';
import type { StoreParts } from './parts.js';
import type { Placed, RunItem, SameMessage } from '../runs.js';
import type { PostgresRuns } from './runs.js';

/** So many messages share a transaction. */
const BATCH = 500;
const BATCH_CHARACTERS = 4_000_000;

/** How many ids are fetched beforehand. */
const IDS = 1000;

/** What is handed in: a message, and which item of a run it is. */
interface Handed {
  readonly message: NewMessage;
  readonly item?: RunItem;
}

interface Waiting extends Handed {
  readonly resolve: (placed: Placed) => void;
  readonly reject: (error: unknown) => void;
}

/** Stores messages. */
export class Intake {
  readonly #parts: StoreParts;
  readonly #runs: PostgresRuns;
  readonly #isLed: (connection: string) => boolean;
  readonly #waiting: Waiting[] = [];
  readonly #ids: number[] = [];
  #storing: Promise<void> | undefined;

  /** @param isLed whether this process sends for a connection, so that no other need hear of a message */
  constructor(parts: StoreParts, runs: PostgresRuns, isLed: (connection: string) => boolean) {
    this.#parts = parts;
    this.#runs = runs;
    this.#isLed = isLed;
  }

  /** Stores a message. @returns its id, once its transaction has been committed @throws as `Outbox.add` */
  async add(message: NewMessage): Promise<number> {
    const placed = await this.#hand({ message });
    // Without an item there is none that could be the same.
    return 'id' in placed ? placed.id : placed.same.id;
  }

  /** Stores a message as an item of a run. @throws as `Outbox.add` */
  addItem(message: NewMessage, item: RunItem): Promise<Placed> {
    return this.#hand({ message, item });
  }

  #hand(handed: Handed): Promise<Placed> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...handed, resolve, reject });
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
        const all = await this.#insertOnce(batch, await this.#newIds(batch.length));
        for (const [i, { resolve, reject }] of batch.entries()) {
          const placed = all[i];
          if (placed === undefined) reject(unchangedError());
          else resolve(placed);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  /**
   * How many of those that wait share the next transaction: long ones are few, so that no statement is very large; and an item that
   * comes twice waits for the next, which finds the first.
   */
  #batchLength(): number {
    let characters = 0;
    let count = 0;
    const keys = new Set<string>();
    for (const { message, item } of this.#waiting) {
      characters += message.body.length + message.carried.length;
      if (count === BATCH || (count > 0 && characters > BATCH_CHARACTERS)) break;
      if (item !== undefined && keys.has(item.key)) break;
      if (item !== undefined) keys.add(item.key);
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
  async #insertOnce(handed: readonly Handed[], ids: readonly number[]): Promise<(Placed | undefined)[]> {
    try {
      return await this.#insert(handed, ids);
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
      return this.#insertAgain(handed, ids);
    }
  }

  async #insertAgain(handed: readonly Handed[], ids: readonly number[]): Promise<(Placed | undefined)[]> {
    const { db, schema } = this.#parts;
    try {
      // Waits for the first, if that is still under way.
      return await this.#insert(handed, ids);
    } catch (error) {
      if (error instanceof AlreadyThere) {
        const rows = await db.all(`SELECT id FROM ${schema}.message WHERE id = ANY ($1::bigint[])`, ids);
        const there = new Set(rows.map(({ id }) => Number(id)));
        const same = await this.#sameAs(db, handed);
        return ids.map((id, i) => (there.has(id) ? { id } : asPlaced(same[i])));
      }
      if (!(error instanceof AnswerLost)) throw error;
      throw new AnswerLost(`${error.message} The message may have been stored all the same.`);
    }
  }

  /** By the place in the batch: what is the same as an item. */
  async #sameAs(sql: Sql, handed: readonly Handed[]): Promise<(SameMessage | undefined)[]> {
    const places = handed.flatMap(({ item }, i) => (item === undefined ? [] : [{ item, i }]));
    const found: (SameMessage | undefined)[] = handed.map(() => undefined);
    if (places.length === 0) return found;
    const same = await this.#runs.same(
      sql,
      places.map(({ item }) => item),
    );
    for (const [n, { i }] of places.entries()) found[i] = same[n];
    return found;
  }

  async #insert(handed: readonly Handed[], ids: readonly number[]): Promise<(Placed | undefined)[]> {
    return this.#parts.db.transaction(async (sql) => {
      if (handed.some(({ item }) => item !== undefined)) await this.#runs.lock(sql);
      const same = await this.#sameAs(sql, handed);
      const fresh = handed.flatMap(({ message }, i) =>
        same[i] === undefined ? [{ id: ids[i] ?? 0, message }] : [],
      );
      const written = fresh.length === 0 ? new Set<number>() : await this.#insertMessages(sql, fresh);
      const all = ids.map((id, i): Placed | undefined => {
        // One that is the same as itself was stored when it was asked for the first time.
        if (written.has(id) || same[i]?.id === id) return { id };
        return asPlaced(same[i]);
      });
      const items = handed.flatMap(({ message, item }, i) => {
        const placed = all[i];
        if (item === undefined || placed === undefined) return [];
        return [{ message, item, placed: 'id' in placed ? placed : { same: placed.same.id } }];
      });
      if (items.length > 0) await this.#runs.note(sql, items);
      return all;
    });
  }

  /** @returns the ids of those that PKB has not refused before */
  async #insertMessages(
    sql: Sql,
    messages: readonly { readonly id: number; readonly message: NewMessage }[],
  ): Promise<ReadonlySet<number>> {
    const { schema: s, rows, bodies, instance } = this.#parts;
    const columns: readonly string[] = ['id', 'connection', ...WRITTEN];
    const values = messages.map(({ id, message }): Value[] => [
      id,
      message.connection,
      ...rows.writtenValues(id, message),
    ]);
    const { arrays, unnest } = columnArrays(columns, COLUMN_TYPES, values);
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
    if (written.size < messages.length) refuseMoved(await readMeta(sql, s, MOVED));
    const texts = messages.map(({ id, message: { body, carried } }) => ({ id, body, carried }));
    await bodies.store(
      sql,
      texts.filter(({ id }) => written.has(id)),
    );
    const others = new Set(messages.map(({ message: { connection } }) => connection));
    for (const connection of others) if (!this.#isLed(connection)) await notify(sql, s, connection);
    return written;
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

function asPlaced(same: SameMessage | undefined): Placed | undefined {
  return same && { same };
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
