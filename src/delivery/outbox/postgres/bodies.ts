/** The texts of messages in the PostgreSQL outbox: sealed, and long ones in parts. */
import { PkbOutboxError } from '../../../errors.js';
import { piecesOf } from '../../../hl7/pieces.js';
import type { BodyCipher } from '../cipher.js';
import type { Row, Value } from '../row.js';
import { PART, places, type Texts } from '../texts.js';
import type { Sql } from './database.js';

/** What is read of `text t` with a message. */
export const TEXT_COLUMNS = 't.body AS text_body, t.carried AS text_carried';

/** Thrown where the text of a message is not there, or cannot be decrypted, though the database answers. */
export class UnreadableText extends PkbOutboxError {
  constructor(text: string) {
    super('PKB_OUTBOX', text);
  }
}

/** So many texts go in one statement, which has room for 65,535 parameters. */
const PER_STATEMENT = 500;

/** Writes, reads and erases texts. */
export class Bodies {
  readonly #schema: string;
  readonly #cipher: BodyCipher;

  constructor(schema: string, cipher: BodyCipher) {
    this.#schema = schema;
    this.#cipher = cipher;
  }

  /** Writes the texts of some messages. */
  async store(sql: Sql, messages: readonly (Texts & { readonly id: number })[]): Promise<void> {
    for (let from = 0; from < messages.length; from += PER_STATEMENT) {
      const some = messages.slice(from, from + PER_STATEMENT);
      const rows = some.map((_, i) => `($${3 * i + 1}::bigint, $${3 * i + 2}::bytea, $${3 * i + 3}::bytea)`);
      const values = some.flatMap(({ id, body, carried }): Value[] => [
        id,
        this.#cipher.seal(firstOf(body), places.body(id)),
        this.#cipher.seal(carried, places.carried(id)),
      ]);
      await sql.all(
        `INSERT INTO ${this.#schema}.text (message, body, carried) VALUES ${rows.join(', ')}`,
        ...values,
      );
    }
    for (const { id, body } of messages) {
      if (body.length <= PART) continue;
      let n = 0;
      for (const piece of piecesOf(body, PART)) {
        const sealed = n > 0 ? this.#cipher.seal(piece, places.part(id, n)) : undefined;
        if (sealed)
          await sql.all(
            `INSERT INTO ${this.#schema}.part (message, n, bytes) VALUES ($1, $2, $3)`,
            id,
            n,
            sealed,
          );
        n++;
      }
    }
  }

  /** Writes other texts in their place. */
  async replace(sql: Sql, id: number, texts: Texts): Promise<void> {
    await this.remove(sql, [id]);
    await this.store(sql, [{ id, ...texts }]);
  }

  /**
   * The texts of a message.
   *
   * @param row with its id, `in_parts`, and {@link TEXT_COLUMNS} of its row in `text`
   * @throws UnreadableText where they are not there, or cannot be read
   */
  async read(sql: Sql, row: Row): Promise<Texts> {
    const id = Number(row['id']);
    if (row['text_body'] === null || row['text_body'] === undefined)
      throw new UnreadableText('The text of a message is missing in the outbox.');
    let body = this.#open(row['text_body'], places.body(id));
    for (let n = 1; n <= Number(row['in_parts']); n++) {
      const part = await sql.get(
        `SELECT bytes FROM ${this.#schema}.part WHERE message = $1 AND n = $2`,
        id,
        n,
      );
      if (part === undefined) throw new UnreadableText('A part of a message is missing in the outbox.');
      body += this.#open(part['bytes'], places.part(id, n));
    }
    return { body, carried: this.#open(row['text_carried'], places.carried(id)) };
  }

  #open(sealed: unknown, place: string): string {
    try {
      return this.#cipher.open(sealed, place);
    } catch {
      throw new UnreadableText('The text of a message cannot be decrypted.');
    }
  }

  /** Erases the texts of some messages. */
  async remove(sql: Sql, ids: readonly number[]): Promise<void> {
    await sql.all(`DELETE FROM ${this.#schema}.text WHERE message = ANY ($1::bigint[])`, ids);
    await sql.all(`DELETE FROM ${this.#schema}.part WHERE message = ANY ($1::bigint[])`, ids);
  }
}

function firstOf(body: string): string {
  if (body.length <= PART) return body;
  const [first = ''] = piecesOf(body, PART);
  return first;
}
