/**
 * The texts of messages in the embedded outbox: sealed, and long ones in parts, so that a letter of megabytes is never
 * copied as a whole on its way to the disk and back.
 */
import { PkbOutboxError } from '../../../errors.js';
import { piecesOf } from '../../../hl7/pieces.js';
import type { BodyCipher } from '../cipher.js';
import type { Row } from '../row.js';
import { PART, places, type Texts } from '../texts.js';
import type { Statements } from './statements.js';

/** Writes, reads and erases texts. */
export class Bodies {
  readonly #sql: Statements;
  readonly #cipher: BodyCipher;

  constructor(sql: Statements, cipher: BodyCipher) {
    this.#sql = sql;
    this.#cipher = cipher;
  }

  /** Writes the texts of a message, in parts where they are long. */
  store(id: number, { body, carried }: Texts): void {
    let n = 0;
    for (const piece of piecesOf(body, PART)) {
      if (n > 0) {
        const sealed = this.#cipher.seal(piece, places.part(id, n));
        this.#sql.run('INSERT INTO part (message, n, bytes) VALUES (?, ?, ?)', id, n, sealed);
      } else {
        const sql = 'INSERT INTO text (message, body, carried) VALUES (?, ?, ?)';
        const sealed = this.#cipher.seal(piece, places.body(id));
        this.#sql.run(sql, id, sealed, this.#cipher.seal(carried, places.carried(id)));
      }
      n++;
    }
  }

  /** Writes other texts in their place. */
  replace(id: number, texts: Texts): void {
    this.#remove(id, true);
    this.store(id, texts);
  }

  /** The texts of a message. @throws PkbOutboxError `PKB_OUTBOX` where they are not there, or cannot be read */
  read(id: number): Texts {
    const row = this.#sql.get(
      'SELECT text.body, text.carried, in_parts FROM text JOIN message ON message.id = text.message WHERE text.message = ?',
      id,
    );
    if (row === undefined)
      throw new PkbOutboxError('PKB_OUTBOX', 'The text of a message is missing in the outbox file.');
    return {
      body: this.#body(id, row),
      carried: this.#cipher.open(row['carried'], places.carried(id)),
    };
  }

  /** Erases the texts of one accepted message. @returns of how many */
  eraseAccepted(id: number): number {
    return this.#erase(`state = 'accepted' AND id = ?`, id, 1);
  }

  /**
   * Erases the texts of some of the messages that were accepted before a time, or ended otherwise before another. Those that
   * nobody was told of, because their sender is gone, are kept a while longer.
   *
   * @returns of how many
   */
  eraseOld(accepted: number, untold: number, failed: number, most: number): number {
    return (
      this.#erase(`state = 'accepted' AND told = 1 AND settled_at < ?`, accepted, most) +
      this.#erase(`state = 'accepted' AND settled_at < ?`, untold, most) +
      this.#erase(
        `state IN ('rejected', 'errored', 'undeliverable', 'discarded') AND settled_at < ?`,
        failed,
        most,
      )
    );
  }

  /** Erases what there still is of a message that is no longer kept as a record either. */
  eraseWhole(id: number): void {
    this.#remove(id, true);
  }

  /** What is erased is overwritten (secure_delete). @returns of how many messages */
  #erase(where: string, value: number, most: number): number {
    const found = this.#sql.all(
      `SELECT id, in_parts FROM message WHERE ${where} AND kept = 1 LIMIT ?`,
      value,
      most,
    );
    for (const { id, in_parts: inParts } of found) {
      this.#remove(Number(id), Number(inParts) > 0);
      this.#sql.run('UPDATE message SET result = NULL, kept = 0, in_parts = 0 WHERE id = ?', Number(id));
    }
    return found.length;
  }

  #remove(id: number, inParts: boolean): void {
    this.#sql.run('DELETE FROM text WHERE message = ?', id);
    if (inParts) this.#sql.run('DELETE FROM part WHERE message = ?', id);
  }

  #body(id: number, row: Row): string {
    let body = this.#cipher.open(row['body'], places.body(id));
    for (let n = 1; n <= Number(row['in_parts']); n++) {
      const part = this.#sql.get('SELECT bytes FROM part WHERE message = ? AND n = ?', id, n);
      if (part === undefined)
        throw new PkbOutboxError('PKB_OUTBOX', 'A part of a message is missing in the outbox file.');
      body += this.#cipher.open(part['bytes'], places.part(id, n));
    }
    return body;
  }
}
