/** The messages of a PostgreSQL outbox that ended without acceptance: shown to a person, and sent once more on request. */
import { supersedes } from '../../../pkb/catalogue.js';
import { type Outcome, reasonOf } from '../../outcome.js';
import {
  type FailedMessage,
  type FailedReference,
  isSame,
  MOST_CORRECTIONS,
  type Replayed,
  type ReplayTerms,
} from '../contract.js';
import type { NewMessage } from '../messages.js';
import { COLUMNS, placeOfResult, WRITTEN } from '../message-row.js';
import type { Row } from '../row.js';
import { TEXT_COLUMNS } from './bodies.js';
import type { Sql } from './database.js';
import type { StoreParts } from './parts.js';

const FAILED = `state IN ('rejected', 'errored', 'undeliverable')`;

/** Everything of `message m` but its texts. */
export const COLUMNS_OF_M = COLUMNS.split(', ')
  .map((column) => `m.${column}`)
  .join(', ');

/** What has failed. */
export class Failures {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** The latest of a sender, the newest first. */
  async list(sql: Sql, connection: string, sender: string, most: number): Promise<FailedMessage[]> {
    const { schema, rows, cipher } = this.#parts;
    const found = await sql.all(
      `SELECT id, control_id, data_point_id, facility, reference, identity, message_type, state, settled_at, attempts, result, kept
        FROM ${schema}.message WHERE connection = $1 AND sender = $2 AND dismissed = 0 AND ${FAILED} ORDER BY position DESC LIMIT $3`,
      connection,
      sender,
      most,
    );
    return found.map((row) => ({
      id: Number(row['id']),
      controlId: rows.identityOf(row).controlId,
      messageType: row['message_type'] as string,
      state: row['state'] as FailedMessage['state'],
      settledAt: Number(row['settled_at']),
      attempts: Number(row['attempts']),
      reason:
        row['result'] === null
          ? ''
          : reasonOf(JSON.parse(cipher.open(row['result'], placeOfResult(Number(row['id'])))) as Outcome),
      kept: row['kept'] === 1,
    }));
  }

  /** The row of one whose texts are still there. */
  find(sql: Sql, connection: string, { id, controlId }: FailedReference): Promise<Row | undefined> {
    const { schema, hidden } = this.#parts;
    return sql.get(
      `SELECT ${COLUMNS_OF_M}, ${TEXT_COLUMNS} FROM ${schema}.message m LEFT JOIN ${schema}.text t ON t.message = m.id
        WHERE id = $1 AND control_id = $2 AND connection = $3 AND ${FAILED} AND kept = 1`,
      id,
      hidden.hide(controlId),
      connection,
    );
  }

  /** Puts one back into its place in the order; to be called within a transaction. @param instance that takes it */
  async replay(
    sql: Sql,
    { id, controlId }: FailedReference,
    message: NewMessage,
    { override, byPerson }: ReplayTerms,
    instance: string,
  ): Promise<Replayed> {
    const { schema, hidden, rows } = this.#parts;
    const { connection } = message;
    const failed = await sql.get(
      `SELECT id, position, order_key, control_id, facility, data_point_id, reference, identity, state, digest, corrections
        FROM ${schema}.message WHERE id = $1 AND control_id = $2 AND connection = $3 AND ${FAILED} FOR UPDATE`,
      id,
      hidden.hide(controlId),
      connection,
    );
    if (failed === undefined) return 'gone';
    const orderKey = failed['order_key'] as string;
    const { facility, dataPointId } = rows.identityOf(failed);
    if (!isSame({ orderKey, controlId, facility, dataPointId }, message)) return 'other';
    const isChanged = failed['digest'] !== rows.digestOf(message);
    if (!byPerson && !isChanged && failed['state'] !== 'undeliverable') return 'unchanged';
    const corrections = Number(failed['corrections']) + (isChanged ? 1 : 0);
    if (!byPerson && corrections > MOST_CORRECTIONS) return 'exhausted';
    // Nobody takes what waits behind while this is decided.
    await sql.all(
      `INSERT INTO ${schema}.queue (connection, order_key, waiting, turn) VALUES ($1, $2, 0, nextval('${schema}.turn'))
        ON CONFLICT (connection, order_key) DO UPDATE SET waiting = ${schema}.queue.waiting`,
      connection,
      message.orderKey,
    );
    if (!override && (await this.#isSuperseded(sql, String(failed['position']), message)))
      return 'superseded';
    await this.#requeue(sql, id, message, corrections, instance);
    return 'queued';
  }

  /** Puts a message that had ended back among the queued, with what is to be sent now. */
  async #requeue(
    sql: Sql,
    id: number,
    message: NewMessage,
    corrections: number,
    instance: string,
  ): Promise<void> {
    const { schema, rows, bodies } = this.#parts;
    const columns = WRITTEN.map((column, i) => `${column} = $${i + 4}`).join(', ');
    await sql.all(
      `UPDATE ${schema}.message SET ${columns}, state = 'queued', kept = 1, attempts = 0, unclear = 0, settled_at = NULL,
        told = NULL, expired = NULL, result = NULL, dismissed = 0, instance = $1, corrections = $2 WHERE id = $3`,
      instance,
      corrections,
      id,
      ...rows.writtenValues(id, message),
    );
    await bodies.replace(sql, id, message);
    await sql.all(
      `UPDATE ${schema}.queue SET held_by = NULL WHERE connection = $1 AND held_by = $2`,
      message.connection,
      id,
    );
    await sql.all(
      `UPDATE ${schema}.queue SET waiting = waiting + 1, due = CASE WHEN taken IS NULL THEN 0 ELSE due END
        WHERE connection = $1 AND order_key = $2`,
      message.connection,
      message.orderKey,
    );
  }

  /**
   * Whether a later message about the same data point has reached PKB, or may have. One that is still pending does not
   * count: it is sent after this one and takes effect last. One in flight counts.
   */
  async #isSuperseded(
    sql: Sql,
    position: string,
    { connection, facility, dataPoint, messageType }: NewMessage,
  ): Promise<boolean> {
    if (!dataPoint?.id) return false;
    const { schema, hidden } = this.#parts;
    const later = await sql.all(
      `SELECT m.state, m.message_type,
          EXISTS (SELECT 1 FROM ${schema}.attempt a WHERE a.message = m.id AND a.outcome = 'unknown') AS maybe,
          EXISTS (SELECT 1 FROM ${schema}.queue q WHERE q.connection = m.connection AND q.order_key = m.order_key
            AND q.taken IS NOT NULL AND m.position = (SELECT min(position) FROM ${schema}.message o
              WHERE o.connection = m.connection AND o.order_key = m.order_key AND o.state = 'queued')) AS under_way
        FROM ${schema}.message m WHERE m.connection = $1 AND m.data_point_id = $2 AND left(m.data_point_id, 100) = left($2, 100) AND m.position > $3 AND m.facility = $4`,
      connection,
      hidden.hide(dataPoint.id),
      position,
      hidden.hide(facility),
    );
    return later
      .filter((row) => supersedes(row['message_type'] as string, messageType))
      .some((row) =>
        row['state'] === 'queued'
          ? row['under_way'] === true
          : row['state'] === 'accepted' || row['maybe'] === true,
      );
  }
}
