/** What an embedded outbox tells of its messages to operators, and what they may do about one. */
import type { BodyCipher, Hidden } from '../cipher.js';
import type { StoredMessage } from '../messages.js';
import {
  byHour,
  type EndedCount,
  type Ledger,
  type ListedMessage,
  type MessageFilter,
  type MessageLife,
  type MessageList,
  SCANNED,
} from '../ledger.js';
import { conditionsOf, indexOf, LISTED, listedOf } from '../listing.js';
import { historyOf, type MessageRows, placeOfResult } from '../message-row.js';
import type { Row } from '../row.js';
import type { KeyQueues } from './key-queues.js';
import type { Statements } from './statements.js';

/** So few queued or failed messages are all looked at, whatever else the file holds. */
const FEW = 5000;

/** The index that has all messages of some states, and what a query must say so that SQLite uses it. */
const BY_STATE = {
  queued: { from: 'message m INDEXED BY message_queue', where: `m.state = 'queued'` },
  failed: {
    from: 'message m INDEXED BY message_failed',
    where: `m.state IN ('rejected', 'errored', 'undeliverable')`,
  },
} as const;

const HOUR_MS = 3_600_000;

const ON_HOLD = `m.state = 'queued' AND EXISTS (SELECT 1 FROM held h WHERE h.connection = m.connection AND h.order_key = m.order_key)`;

/** What it is read with. */
export interface LedgerParts {
  readonly sql: Statements;
  readonly cipher: BodyCipher;
  readonly hidden: Hidden;
  readonly rows: MessageRows;
  readonly queues: KeyQueues;
  /** A message with its texts; throws where they cannot be read. */
  readonly stored: (row: Row) => StoredMessage;
}

/** Reads a file for operators. What is written goes through the file's transactions (`store.ts`). */
export class SqliteLedger implements Omit<Ledger, 'withdraw' | 'dismiss' | 'record' | 'trail'> {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  async list(filter: MessageFilter, before: number | undefined, most: number): Promise<MessageList> {
    const { sql, hidden } = this.#parts;
    const { where, values } = conditionsOf(filter, hidden);
    const index = this.#usable(indexOf(filter));
    const top = before ?? Number(sql.get('SELECT coalesce(max(id), 0) + 1 AS top FROM message')?.['top']);
    const bottom = index === undefined ? top - SCANNED : 0;
    const { from, where: first } =
      index === undefined || index === 'exact' ? { from: 'message m', where: 'TRUE' } : BY_STATE[index];
    const rows = sql.all(
      `SELECT ${LISTED}, ${ON_HOLD} AS on_hold FROM ${from} WHERE m.id < ? AND m.id >= ? AND ${[first, ...where].join(' AND ')}
        ORDER BY m.id DESC LIMIT ?`,
      top,
      bottom,
      ...values,
      most + 1,
    );
    return this.#pageOf(rows, most, bottom);
  }

  async life(id: number): Promise<MessageLife | undefined> {
    const { sql, cipher, rows, stored } = this.#parts;
    const row = sql.get(`SELECT m.*, ${ON_HOLD} AS on_hold FROM message m WHERE id = ?`, id);
    if (row === undefined) return undefined;
    const history = sql.all(
      'SELECT at, outcome, reason FROM attempt WHERE message = ? ORDER BY at, rowid',
      id,
    );
    const due = Number(row['due']);
    return {
      listed: listedOf(row, rows),
      due: row['state'] === 'queued' && row['head'] === 1 && due > 0 ? due : undefined,
      history: historyOf(history),
      outcome:
        row['result'] === null
          ? undefined
          : (JSON.parse(cipher.open(row['result'], placeOfResult(id))) as MessageLife['outcome']),
      told: row['told'] === 1,
      message: row['kept'] === 1 ? orUndefined(() => stored(row)) : undefined,
    };
  }

  async ended(since: number): Promise<EndedCount[]> {
    const { sql } = this.#parts;
    const found = sql.all(
      `SELECT settled_at / ${HOUR_MS} * ${HOUR_MS} AS hour, connection, facility, state, count(*) AS n, max(id) AS sample
        FROM message WHERE state <> 'queued' AND settled_at >= ? GROUP BY 1, 2, 3, 4`,
      since,
    );
    const names = new Map<unknown, string>();
    const counts = found.map((row): EndedCount => {
      const { facility } = row;
      if (!names.has(facility)) names.set(facility, this.#facilityOf(Number(row['sample'])));
      return {
        hour: Number(row['hour']),
        connection: row['connection'] as string,
        facility: names.get(facility) ?? '',
        state: row['state'] as EndedCount['state'],
        count: Number(row['n']),
      };
    });
    return counts.toSorted(byHour);
  }

  async oldest(connection: string): Promise<number | undefined> {
    // Ids grow with the time of storing, but for messages that are sent once more.
    const oldest = this.#parts.sql.get(
      `SELECT stored_at FROM message WHERE id = (SELECT min(id) FROM message INDEXED BY message_queue
        WHERE connection = ? AND state = 'queued')`,
      connection,
    )?.['stored_at'];
    return oldest === undefined ? undefined : Number(oldest);
  }

  /** Whether a message is queued and not in flight, so that its life may be ended; its row. */
  withdrawable(id: number): Row | 'in flight' | 'gone' {
    const { sql, queues } = this.#parts;
    const row = sql.get(
      `SELECT id, connection, order_key, head FROM message WHERE id = ? AND state = 'queued'`,
      id,
    );
    if (row === undefined) return 'gone';
    return queues.inFlight.has(id) ? 'in flight' : row;
  }

  /** An index that leads to all messages of some states is of use where they are few. */
  #usable(index: ReturnType<typeof indexOf>): ReturnType<typeof indexOf> {
    if (index === undefined || index === 'exact') return index;
    const { from, where } = BY_STATE[index];
    const few = this.#parts.sql.get(
      `SELECT count(*) AS n FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${FEW})`,
    );
    return Number(few?.['n']) < FEW ? index : undefined;
  }

  #pageOf(rows: readonly Row[], most: number, bottom: number): MessageList {
    const { sql } = this.#parts;
    const messages: ListedMessage[] = rows.slice(0, most).map((row) => listedOf(row, this.#parts.rows));
    const isFull = rows.length > most;
    const last = messages.at(-1);
    if (isFull) return { messages, next: last?.id, searchedTo: last?.storedAt };
    const behind = sql.get('SELECT id, stored_at FROM message WHERE id < ? ORDER BY id DESC LIMIT 1', bottom);
    if (behind === undefined) return { messages, next: undefined, searchedTo: undefined };
    return { messages, next: Number(behind['id']) + 1, searchedTo: Number(behind['stored_at']) };
  }

  #facilityOf(id: number): string {
    const { sql, rows } = this.#parts;
    const row = sql.get(
      'SELECT id, control_id, data_point_id, facility, reference, identity FROM message WHERE id = ?',
      id,
    );
    return row === undefined ? '' : rows.identityOf(row).facility;
  }
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
