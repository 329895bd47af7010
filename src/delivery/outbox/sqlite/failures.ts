/**
 * The messages of an embedded outbox that ended without acceptance: shown to a person, and sent once more on request.
 */
import { supersedes } from '../../../pkb/catalogue.js';
import { type Outcome, reasonOf } from '../../outcome.js';
import type { Bodies } from './bodies.js';
import {
  type FailedMessage,
  type FailedReference,
  isSame,
  MOST_CORRECTIONS,
  type Replayed,
  type ReplayTerms,
} from '../contract.js';
import type { NewMessage } from '../messages.js';
import type { BodyCipher, Hidden } from '../cipher.js';
import { COLUMNS, type MessageRows, placeOfResult, WRITTEN } from '../message-row.js';
import type { KeyQueues } from './key-queues.js';
import type { Row } from '../row.js';
import type { Statements } from './statements.js';

const FAILED = `state IN ('rejected', 'errored', 'undeliverable')`;

const REQUEUE = `UPDATE message SET ${WRITTEN.map((column) => `${column} = ?`).join(', ')},
  state = 'queued', kept = 1, attempts = 0, head = 0, due = 0, unclear = 0, settled_at = NULL, told = NULL, expired = NULL,
  result = NULL, dismissed = 0, corrections = ? WHERE id = ?`;

/** What the failures of a file are read and written with. */
export interface FailuresParts {
  readonly sql: Statements;
  readonly cipher: BodyCipher;
  readonly hidden: Hidden;
  readonly rows: MessageRows;
  readonly bodies: Bodies;
  readonly queues: KeyQueues;
}

/** What has failed. */
export class Failures {
  readonly #sql: Statements;
  readonly #cipher: BodyCipher;
  readonly #hidden: Hidden;
  readonly #rows: MessageRows;
  readonly #bodies: Bodies;
  readonly #queues: KeyQueues;

  constructor({ sql, cipher, hidden, rows, bodies, queues }: FailuresParts) {
    this.#sql = sql;
    this.#cipher = cipher;
    this.#hidden = hidden;
    this.#rows = rows;
    this.#bodies = bodies;
    this.#queues = queues;
  }

  /** The latest of a sender, the newest first. */
  list(connection: string, sender: string, most: number): FailedMessage[] {
    const rows = this.#sql.all(
      `SELECT id, control_id, data_point_id, facility, reference, identity, message_type, state, settled_at, attempts, result, kept FROM message
        WHERE connection = ? AND sender = ? AND dismissed = 0 AND ${FAILED} ORDER BY id DESC LIMIT ?`,
      connection,
      sender,
      most,
    );
    return rows.map((row) => ({
      id: Number(row['id']),
      controlId: this.#rows.identityOf(row).controlId,
      messageType: row['message_type'] as string,
      state: row['state'] as FailedMessage['state'],
      settledAt: Number(row['settled_at']),
      attempts: Number(row['attempts']),
      reason: this.#reason(row),
      kept: row['kept'] === 1,
    }));
  }

  /** The row of one whose texts are still there. */
  find(connection: string, { id, controlId }: FailedReference): Row | undefined {
    return this.#sql.get(
      `SELECT ${COLUMNS} FROM message WHERE id = ? AND control_id = ? AND connection = ? AND ${FAILED} AND kept = 1`,
      id,
      this.#hidden.hide(controlId),
      connection,
    );
  }

  /** Whether PKB has rejected the very bytes of a message, and nobody has sent them again since. */
  isRefused(message: NewMessage): boolean {
    const sql = `SELECT 1 FROM message WHERE connection = ? AND digest = ? AND state IN ('rejected', 'errored') LIMIT 1`;
    return this.#sql.get(sql, message.connection, this.#rows.digestOf(message)) !== undefined;
  }

  /** Puts one back into its place in the order; to be called within a transaction. */
  replay(
    { id, controlId }: FailedReference,
    message: NewMessage,
    { override, byPerson }: ReplayTerms,
  ): Replayed {
    const { connection } = message;
    const failed = this.#sql.get(
      `SELECT id, order_key, control_id, facility, data_point_id, identity, state, digest, corrections FROM message
        WHERE id = ? AND control_id = ? AND connection = ? AND ${FAILED}`,
      id,
      this.#hidden.hide(controlId),
      connection,
    );
    if (failed === undefined) return 'gone';
    const orderKey = failed['order_key'] as string;
    const { facility, dataPointId } = this.#rows.identityOf(failed);
    if (!isSame({ orderKey, controlId, facility, dataPointId }, message)) return 'other';
    const isChanged = failed['digest'] !== this.#rows.digestOf(message);
    if (!byPerson && !isChanged && failed['state'] !== 'undeliverable') return 'unchanged';
    const corrections = Number(failed['corrections']) + (isChanged ? 1 : 0);
    if (!byPerson && corrections > MOST_CORRECTIONS) return 'exhausted';
    if (!override && this.#isSuperseded(id, message)) return 'superseded';
    this.#requeue(id, message, corrections);
    this.#queues.unholdBy(connection, id, orderKey);
    for (const key of new Set([orderKey, message.orderKey])) this.#queues.chooseHead(connection, key);
    return 'queued';
  }

  /** Puts a message that had ended back among the queued, with what is to be sent now. */
  #requeue(id: number, message: NewMessage, corrections: number): void {
    this.#bodies.replace(id, message);
    this.#sql.run(REQUEUE, ...this.#rows.writtenValues(id, message), corrections, id);
  }

  /**
   * Whether a later message about the same data point has reached PKB, or may have. One that is still pending does not
   * count: it is sent after this one and takes effect last. One in flight counts.
   */
  #isSuperseded(id: number, { connection, facility, dataPoint, messageType }: NewMessage): boolean {
    if (!dataPoint?.id) return false;
    const later = this.#sql.all(
      `SELECT id, state, message_type,
          EXISTS (SELECT 1 FROM attempt WHERE attempt.message = message.id AND outcome = 'unknown') AS maybe
        FROM message WHERE connection = ? AND data_point_id = ? AND id > ?
          AND (facility = ? OR facility IS NULL OR ? = '')`,
      connection,
      this.#hidden.hide(dataPoint.id),
      id,
      this.#hidden.hide(facility),
      facility,
    );
    return later
      .filter((row) => supersedes(row['message_type'] as string, messageType))
      .some((row) =>
        row['state'] === 'queued'
          ? this.#queues.inFlight.has(Number(row['id']))
          : row['state'] === 'accepted' || row['maybe'] === 1,
      );
  }

  #reason({ id, result }: Row): string {
    if (result === null) return '';
    return reasonOf(JSON.parse(this.#cipher.open(result, placeOfResult(Number(id)))) as Outcome);
  }
}
