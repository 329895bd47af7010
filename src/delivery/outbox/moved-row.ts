/** A message on its way from one outbox to another, from a row of either. */
import { createSecretKey } from 'node:crypto';
import { type BodyCipher, Hidden } from './cipher.js';
import { historyOf, MessageRows, WRITTEN } from './message-row.js';
import type { MovedMessage } from './move.js';
import type { Row, Value } from './row.js';
import { LetterRows } from './letter-rows.js';
import { RunRows } from './run-rows.js';
import type { Texts } from './texts.js';

/** The columns of `message` that are moved, in the order of {@link movedValues}. */
export const MOVED_COLUMNS = [
  'id',
  'connection',
  ...WRITTEN,
  'state',
  'attempts',
  'unclear',
  'corrections',
  'settled_at',
  'told',
  'expired',
  'result',
  'kept',
  'dismissed',
] as const;

/** Writes and reads rows of an outbox that holds messages under a secret. */
export function rowsOf(cipher: BodyCipher, secret: Buffer): MessageRows {
  const key = createSecretKey(secret);
  return new MessageRows(cipher, new Hidden(cipher.isKeyed ? key : undefined), key);
}

/** Writes and reads runs of an outbox that holds messages under a secret. */
export function runRowsOf(cipher: BodyCipher, secret: Buffer): RunRows {
  const hidden = new Hidden(cipher.isKeyed ? createSecretKey(secret) : undefined);
  return new RunRows(cipher, hidden, rowsOf(cipher, secret));
}

/** Writes and reads letters of an outbox that holds messages under a secret. */
export function letterRowsOf(cipher: BodyCipher, secret: Buffer): LetterRows {
  return new LetterRows(cipher, new Hidden(cipher.isKeyed ? createSecretKey(secret) : undefined));
}

/** What is known of a message besides its row. */
export interface MovedParts {
  /** Its place in the order. */
  readonly id: number;
  readonly row: Row;
  readonly rows: MessageRows;
  readonly texts: Texts | 'erased' | 'unreadable';
  /** Its outcome as JSON. */
  readonly result: string | null;
  readonly history: readonly Row[];
}

/** The message of a row with all its columns. */
export function movedMessage({ id, row, rows, texts, result, history }: MovedParts): MovedMessage {
  const isThere = typeof texts === 'object';
  const message = rows.messageOf(row, isThere ? texts : { body: '', carried: '' });
  const number = (column: string): number | null =>
    row[column] === null || row[column] === undefined ? null : Number(row[column]);
  return {
    id,
    message,
    texts: isThere ? 'there' : texts,
    state: row['state'] as MovedMessage['state'],
    attempts: message.attempts,
    refusals: message.refusals,
    corrections: Number(row['corrections']),
    dismissed: row['dismissed'] === 1,
    digest: (row['digest'] as string | null) ?? '',
    settledAt: number('settled_at'),
    told: number('told'),
    expired: number('expired'),
    result,
    history: historyOf(history),
  };
}

/** The values of {@link MOVED_COLUMNS}. @param result sealed for its place */
export function movedValues(moved: MovedMessage, rows: MessageRows, result: Buffer | null): Value[] {
  const { id, message, texts } = moved;
  const written = rows.writtenValues(id, message);
  // The hash of a text that was erased cannot be made again.
  written[WRITTEN.indexOf('digest')] = moved.digest;
  return [
    id,
    message.connection,
    ...written,
    moved.state,
    moved.attempts,
    moved.refusals,
    moved.corrections,
    moved.settledAt,
    moved.told,
    moved.expired,
    result,
    texts === 'erased' ? 0 : 1,
    moved.dismissed ? 1 : 0,
  ];
}
