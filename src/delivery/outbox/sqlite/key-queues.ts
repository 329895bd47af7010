/**
 * The order in which an embedded outbox gives its messages out: each order key has one head, the oldest of its waiting
 * messages, and the heads take turns.
 */
import { LONGEST_WAIT_MS } from '../../retry.js';
import { COLUMNS } from '../message-row.js';
import type { Row } from '../row.js';
import type { Statements } from './statements.js';

/** The queues of all order keys. */
export class KeyQueues {
  /** Ids of the messages that are being sent by this process. */
  readonly inFlight = new Set<number>();
  readonly #sql: Statements;
  #turn: number;

  constructor(sql: Statements) {
    this.#sql = sql;
    this.#turn = Number(sql.get('SELECT coalesce(max(turn), 0) AS turn FROM message')?.['turn'] ?? 0);
  }

  /** The number by which heads take turns: whoever gets one now goes after all others. */
  turn(): number {
    return ++this.#turn;
  }

  /**
   * The heads whose turn it is, with all columns. A head that is due later than the longest wait counts as due: it got its
   * time before the clock was set back.
   *
   * @param except the facilities, as they stand in their column, whose messages are to stay
   */
  next(connection: string, now: number, most: number, except: readonly string[]): Row[] {
    return this.#sql.all(
      `SELECT ${COLUMNS} FROM message WHERE connection = ? AND head = 1 AND due NOT BETWEEN ? AND ?
        AND id NOT IN (SELECT value FROM json_each(?)) AND coalesce(facility, '') NOT IN (SELECT value FROM json_each(?))
        ORDER BY turn LIMIT ?`,
      connection,
      now + 1,
      now + LONGEST_WAIT_MS,
      JSON.stringify([...this.inFlight]),
      JSON.stringify(except),
      most,
    );
  }

  /** When the first head is due that is not in flight. @param except as in {@link next} */
  nextDue(connection: string, except: readonly string[]): number | undefined {
    const due = this.#sql.get(
      `SELECT min(due) AS due FROM message WHERE connection = ? AND head = 1
        AND id NOT IN (SELECT value FROM json_each(?)) AND coalesce(facility, '') NOT IN (SELECT value FROM json_each(?))`,
      connection,
      JSON.stringify([...this.inFlight]),
      JSON.stringify(except),
    )?.['due'];
    return typeof due === 'number' ? due : undefined;
  }

  /** Whether an order key has a message pending or in flight, or is on hold. */
  isBusy(connection: string, orderKey: string): boolean {
    const sql = `SELECT 1 FROM message WHERE connection = ? AND order_key = ? AND state = 'queued' LIMIT 1`;
    return this.#sql.get(sql, connection, orderKey) !== undefined || this.#isHeld(connection, orderKey);
  }

  /** Makes the oldest waiting message of an order key its head. */
  advance(connection: string, orderKey: string): void {
    this.begin(connection, orderKey, this.turn(), 0);
  }

  /** The same where a later one may be head already: that one steps back, unless it is in flight. */
  chooseHead(connection: string, orderKey: string): void {
    if (this.#isHeld(connection, orderKey)) return;
    const heads = this.#sql.all(
      `SELECT id FROM message WHERE connection = ? AND order_key = ? AND state = 'queued' AND head = 1`,
      connection,
      orderKey,
    );
    if (heads.some(({ id }) => this.inFlight.has(Number(id)))) return;
    for (const { id } of heads) this.#sql.run('UPDATE message SET head = 0 WHERE id = ?', Number(id));
    this.advance(connection, orderKey);
  }

  /** Gives an order key a head, with the turn and the time that it had elsewhere. */
  begin(connection: string, orderKey: string, turn: number, due: number): void {
    this.#sql.run(
      `UPDATE message SET head = 1, due = ?, turn = ? WHERE id =
        (SELECT min(id) FROM message WHERE connection = ? AND order_key = ? AND state = 'queued')`,
      due,
      turn,
      connection,
      orderKey,
    );
  }

  /** Puts an order key on hold. @param message that caused it; null if it is not known */
  hold(connection: string, orderKey: string, message: number | null): void {
    const sql = 'INSERT OR REPLACE INTO held (connection, order_key, message) VALUES (?, ?, ?)';
    this.#sql.run(sql, connection, orderKey, message);
  }

  /** Ends the hold that a message caused, if it did; files of the first version do not say which did. */
  unholdBy(connection: string, message: number, orderKey: string): void {
    const sql = `DELETE FROM held WHERE connection = ? AND (message = ? OR (message IS NULL AND order_key = ?))`;
    this.#sql.run(sql, connection, message, orderKey);
  }

  /** Takes one order key, or all, off hold. @returns how many keys were on hold */
  release(connection: string, orderKey?: string): number {
    const keys =
      orderKey === undefined
        ? this.#sql.all('SELECT order_key FROM held WHERE connection = ?', connection)
        : this.#sql.all(
            'SELECT order_key FROM held WHERE connection = ? AND order_key = ?',
            connection,
            orderKey,
          );
    for (const { order_key: key } of keys) {
      const sql = 'DELETE FROM held WHERE connection = ? AND order_key = ?';
      this.#sql.run(sql, connection, key as string);
      this.advance(connection, key as string);
    }
    return keys.length;
  }

  #isHeld(connection: string, orderKey: string): boolean {
    const sql = 'SELECT 1 FROM held WHERE connection = ? AND order_key = ?';
    return this.#sql.get(sql, connection, orderKey) !== undefined;
  }
}
