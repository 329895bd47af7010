/** What a PostgreSQL outbox tells of its messages to operators, and what they may do about one. */
import {
  byHour,
  type EndedCount,
  type Ledger,
  type ListedMessage,
  type MessageFilter,
  type MessageLife,
  type MessageList,
  SCANNED,
  type Withdrawal,
} from '../ledger.js';
import { conditionsOf, indexOf, LISTED, listedOf } from '../listing.js';
import { historyOf, placeOfResult } from '../message-row.js';
import type { Row } from '../row.js';
import { TEXT_COLUMNS, UnreadableText } from './bodies.js';
import { numbered } from './columns.js';
import { messageOf, type StoreParts } from './parts.js';
import { readTrail, writeRecord } from './trail.js';
import type { TrailEntry, TrailRecord } from '../trail.js';

const HOUR_MS = 3_600_000;

/** How many characters of an ID its index has. */
const INDEXED = 100;

const onHold = (schema: string): string =>
  `(m.state = 'queued' AND EXISTS (SELECT 1 FROM ${schema}.queue h WHERE h.connection = m.connection
    AND h.order_key = m.order_key AND h.held_by IS NOT NULL))::int AS on_hold`;

/** Reads and writes a database for operators. Pages go by position, which is the order of storing. */
export class PostgresLedger implements Ledger {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  async list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList> {
    const { db, schema, hidden, rows } = this.#parts;
    const { where, values } = conditionsOf(filter, hidden);
    for (const [column, value] of [
      ['control_id', filter.controlId],
      ['data_point_id', filter.dataPointId],
    ] as const) {
      if (value === undefined) continue;
      where.push(`left(m.${column}, ${INDEXED}) = left(?, ${INDEXED})`);
      values.push(hidden.hide(value));
    }
    const top = before ?? Number((await this.#last())?.['position'] ?? 0) + 1;
    const bottom = indexOf(filter) === undefined ? top - SCANNED : 0;
    const conditions = ['m.position < ?', 'm.position >= ?', ...where].join(' AND ');
    const found = await db.all(
      numbered(
        `SELECT ${LISTED}, m.position, ${onHold(schema)} FROM ${schema}.message m WHERE ${conditions}
          ORDER BY m.position DESC LIMIT ?`,
      ),
      top,
      bottom,
      ...values,
      most + 1,
    );
    const messages: ListedMessage[] = found.slice(0, most).map((row) => listedOf(row, rows));
    if (found.length > most) {
      const last = found[most - 1];
      return { messages, next: Number(last?.['position']), searchedTo: Number(last?.['stored_at']) };
    }
    const behind = await db.get(
      `SELECT position, stored_at FROM ${schema}.message WHERE position < $1 ORDER BY position DESC LIMIT 1`,
      bottom,
    );
    if (behind === undefined) return { messages, next: undefined, searchedTo: undefined };
    return { messages, next: Number(behind['position']) + 1, searchedTo: Number(behind['stored_at']) };
  }

  async life(id: number): Promise<MessageLife | undefined> {
    const { db, schema: s, cipher, rows } = this.#parts;
    const row = await db.get(
      `SELECT m.*, ${TEXT_COLUMNS}, ${onHold(s)}, (SELECT q.due FROM ${s}.queue q WHERE q.connection = m.connection
          AND q.order_key = m.order_key AND m.position = (SELECT min(position) FROM ${s}.message o
            WHERE o.connection = m.connection AND o.order_key = m.order_key AND o.state = 'queued')) AS due
        FROM ${s}.message m LEFT JOIN ${s}.text t ON t.message = m.id WHERE m.id = $1`,
      id,
    );
    if (row === undefined) return undefined;
    const history = await db.all(
      `SELECT at, outcome, reason FROM ${s}.attempt WHERE message = $1 ORDER BY at, ctid`,
      id,
    );
    const due = Number(row['due'] ?? 0);
    return {
      listed: listedOf(row, rows),
      due: row['state'] === 'queued' && due > 0 ? due : undefined,
      history: historyOf(history),
      outcome:
        row['result'] === null
          ? undefined
          : (JSON.parse(cipher.open(row['result'], placeOfResult(id))) as MessageLife['outcome']),
      told: row['told'] === 1,
      message: row['kept'] === 1 ? await this.#readable(row) : undefined,
    };
  }

  async ended(since: number): Promise<EndedCount[]> {
    const { db, schema } = this.#parts;
    const found = await db.all(
      `SELECT settled_at / ${HOUR_MS} * ${HOUR_MS} AS hour, connection, customer, state, count(*) AS n
        FROM ${schema}.message WHERE state <> 'queued' AND settled_at >= $1 GROUP BY 1, 2, 3, 4`,
      since,
    );
    const names = await this.#facilities(new Set(found.map(({ customer }) => customer as string)));
    const counts = found.map((row) => ({
      hour: Number(row['hour']),
      connection: row['connection'] as string,
      facility: names.get(row['customer'] as string) ?? '',
      state: row['state'] as EndedCount['state'],
      count: Number(row['n']),
    }));
    return counts.toSorted(byHour);
  }

  async oldest(connection: string): Promise<number | undefined> {
    const { db, schema } = this.#parts;
    const row = await db.get(
      `SELECT stored_at FROM ${schema}.message WHERE connection = $1 AND state = 'queued' ORDER BY position LIMIT 1`,
      connection,
    );
    return row === undefined ? undefined : Number(row['stored_at']);
  }

  async withdraw(id: number, reason: string, at: number): Promise<Withdrawal> {
    const { db, schema: s, cipher } = this.#parts;
    return db.transaction(async (sql) => {
      // The lock of its queue, so that nobody takes it meanwhile.
      const queue = await sql.get(
        `SELECT q.taken, q.connection, q.order_key FROM ${s}.message m JOIN ${s}.queue q USING (connection, order_key)
          WHERE m.id = $1 AND m.state = 'queued' FOR UPDATE OF q`,
        id,
      );
      if (queue === undefined) return 'gone';
      const row = await sql.get(
        `SELECT m.position = (SELECT min(position) FROM ${s}.message o WHERE o.connection = m.connection
            AND o.order_key = m.order_key AND o.state = 'queued') AS first
          FROM ${s}.message m WHERE m.id = $1 AND m.state = 'queued' FOR UPDATE`,
        id,
      );
      if (row === undefined) return 'gone';
      if (row['first'] === true && queue['taken'] !== null) return 'in flight';
      const result = cipher.seal(JSON.stringify({ outcome: 'discarded', reason }), placeOfResult(id));
      await sql.all(
        `UPDATE ${s}.message SET state = 'discarded', settled_at = $2, told = 0, expired = 0, result = $3 WHERE id = $1`,
        id,
        at,
        result,
      );
      await sql.all(
        `UPDATE ${s}.queue SET waiting = waiting - 1, due = CASE WHEN $3::boolean THEN 0 ELSE due END
          WHERE connection = $1 AND order_key = $2`,
        queue['connection'] as string,
        queue['order_key'] as string,
        row['first'] === true ? 1 : 0,
      );
      return 'discarded';
    });
  }

  async dismiss(ids: readonly number[]): Promise<number> {
    const { db, schema } = this.#parts;
    const rows = await db.all(
      `UPDATE ${schema}.message SET dismissed = 1 WHERE id = ANY ($1::bigint[]) AND dismissed = 0
        AND state IN ('rejected', 'errored', 'undeliverable') RETURNING id`,
      ids,
    );
    return rows.length;
  }

  record(entry: TrailEntry): Promise<void> {
    const { db, schema, cipher, secret } = this.#parts;
    return writeRecord(db, schema, cipher, secret, entry);
  }

  trail(after: number, most: number): Promise<TrailRecord[]> {
    const { db, schema, cipher } = this.#parts;
    return readTrail(db, schema, cipher, after, most);
  }

  #last(): Promise<Row | undefined> {
    const { db, schema } = this.#parts;
    return db.get(`SELECT position FROM ${schema}.message ORDER BY position DESC LIMIT 1`);
  }

  /** What MSH-4 is where its column holds a hash. */
  async #facilities(columns: ReadonlySet<string>): Promise<Map<string, string>> {
    const { db, schema, rows, cipher } = this.#parts;
    const names = new Map([...columns].map((column) => [column, column]));
    if (!cipher.isKeyed) return names;
    for (const column of columns) {
      const row = await db.get(
        `SELECT id, control_id, data_point_id, facility, reference, identity FROM ${schema}.message
          WHERE state <> 'queued' AND customer = $1 LIMIT 1`,
        column,
      );
      names.set(column, row === undefined ? column : rows.identityOf(row).facility);
    }
    return names;
  }

  async #readable(row: Row): Promise<MessageLife['message']> {
    try {
      return await messageOf(this.#parts, row);
    } catch (error) {
      if (error instanceof UnreadableText) return undefined;
      throw error;
    }
  }
}
