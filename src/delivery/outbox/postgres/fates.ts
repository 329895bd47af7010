/** The fates in a PostgreSQL outbox that flows have yet to be told of, and the note that they were. */
import type { SettledMessage } from '../contract.js';
import { placeOfResult } from '../message-row.js';
import { TEXT_COLUMNS } from './bodies.js';
import { COLUMNS_OF_M } from './failures.js';
import { messageOf, type StoreParts } from './parts.js';

/** How long the note that a flow was told may wait for others to go with. */
const TOLD_MS = 100;

/** How soon a note that failed is tried again. */
const AGAIN_MS = 1000;

/** Fates to be told. */
export class Fates {
  readonly #parts: StoreParts;
  readonly #noted: () => Promise<void>;
  readonly #toldIds = new Set<number>();
  #toldTimer: NodeJS.Timeout | undefined;

  /** @param noted called when some were noted */
  constructor(parts: StoreParts, noted: () => Promise<void>) {
    this.#parts = parts;
    this.#noted = noted;
  }

  /** @param isSender whether this process sends for the connection, so that it is told of what dead ones had accepted */
  async untold(connection: string, sender: string, isSender: boolean): Promise<SettledMessage[]> {
    const rows = await this.#parts.db.all(
      `SELECT ${COLUMNS_OF_M}, ${TEXT_COLUMNS}, state, expired, result
        FROM ${this.#parts.schema}.message m LEFT JOIN ${this.#parts.schema}.text t ON t.message = m.id WHERE connection = $1 AND sender = $2 AND told = 0 AND kept = 1 AND (instance = $3 OR ($4::boolean AND NOT EXISTS
          (SELECT 1 FROM ${this.#parts.schema}.instance i WHERE i.id = m.instance
            AND i.seen > clock_timestamp() - $5 * interval '1 millisecond'))) ORDER BY position`,
      connection,
      sender,
      this.#parts.instance,
      isSender ? 1 : 0,
      this.#parts.deadMs,
    );
    const untold: SettledMessage[] = [];
    for (const row of rows) {
      const id = Number(row['id']);
      if (this.#toldIds.has(id)) continue;
      untold.push({
        message: await messageOf(this.#parts, row),
        state: row['state'] as SettledMessage['state'],
        outcome: JSON.parse(
          this.#parts.cipher.open(row['result'], placeOfResult(id)),
        ) as SettledMessage['outcome'],
        expired: row['expired'] === 1,
      });
    }
    return untold;
  }

  /** Notes, with others or soon, that a flow was told. */
  told(id: number): void {
    this.#toldIds.add(id);
    this.#toldTimer ??= setTimeout(() => void this.note(), TOLD_MS);
  }

  /** A message that is sent once more will have another fate to be told. */
  forget(id: number): void {
    this.#toldIds.delete(id);
  }

  /** Writes the rest. What cannot be written is told once more after a restart. */
  async end(): Promise<void> {
    clearTimeout(this.#toldTimer);
    if (this.#toldIds.size > 0) await this.note();
    clearTimeout(this.#toldTimer);
  }

  /** Writes down what was told. Never rejects; what fails is tried again. */
  async note(): Promise<void> {
    clearTimeout(this.#toldTimer);
    this.#toldTimer = undefined;
    const ids = [...this.#toldIds];
    try {
      await this.#parts.db.all(
        `UPDATE ${this.#parts.schema}.message SET told = 1 WHERE id = ANY ($1::bigint[]) AND told = 0`,
        ids,
      );
      for (const id of ids) this.#toldIds.delete(id);
      await this.#noted();
    } catch {
      this.#toldTimer ??= setTimeout(() => void this.note(), AGAIN_MS);
    }
  }
}
