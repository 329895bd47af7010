/** Letters in a PostgreSQL outbox. */
import {
  byOrganisation,
  findStatement,
  letterCountOf,
  letterCountsOf,
  LetterRows,
  letterStatements,
  readable,
  textOf,
  watcherCountsOf,
  withoutCarried,
} from '../letter-rows.js';
import type {
  EndedLetter,
  LetterCount,
  LetterDecision,
  LetterName,
  Letters,
  LetterState,
  NewLetter,
  WatchedLetter,
  WatcherCount,
} from '../letters.js';
import type { Sql } from './database.js';
import type { StoreParts } from './parts.js';
import { numbered, numberedAll } from './columns.js';

/** Writes and reads letters. */
export class PostgresLetters implements Letters {
  readonly #parts: StoreParts;
  readonly #rows: LetterRows;
  readonly #sql: ReturnType<typeof letterStatements>;
  /** The last write whose order counts. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#rows = new LetterRows(parts.cipher, parts.hidden);
    this.#sql = numberedAll(letterStatements(`${parts.schema}.`));
  }

  watch(letters: readonly NewLetter[]): Promise<void> {
    return this.#inOrder(() => this.#watch(letters));
  }

  async #watch(letters: readonly NewLetter[]): Promise<void> {
    await this.#parts.db.transaction(async (sql) => {
      // In one order, so that two processes with the same letters do not wait for each other.
      const inOrder = letters.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      for (const letter of inOrder) await sql.all(this.#sql.watch, ...this.#rows.newValues(letter));
    });
  }

  cancel(watcher: string, key: string, at: number): Promise<boolean> {
    return this.#inOrder(async () => {
      const rows = await this.#parts.db.all(this.#sql.cancel, at, watcher, key, at);
      return rows.length > 0;
    });
  }

  /** A deletion must not be faster than the letter that it deletes. */
  #inOrder<T>(write: () => Promise<T>): Promise<T> {
    const written = this.#last.then(write);
    this.#last = written.catch(() => undefined);
    return written;
  }

  async take(watcher: string, now: number, again: number, most: number): Promise<WatchedLetter[]> {
    const rows = await this.#alone((sql) => sql.all(this.#sql.take, again, watcher, now, most));
    return readable(rows, (row) => withoutCarried(this.#rows.letterOf(row))).toSorted(byOrganisation);
  }

  async putOff(ids: readonly number[], until: number, withoutPatient: boolean): Promise<void> {
    await this.#parts.db.all(
      `UPDATE ${this.#parts.schema}.letter SET next_ask = $1${withoutPatient ? ', ask_patient = 0' : ''}
        WHERE id = ANY ($2::bigint[]) AND state = 'watched'`,
      until,
      ids,
    );
  }

  async end(decisions: readonly LetterDecision[]): Promise<number> {
    return this.#parts.db.transaction(async (sql) => {
      let ended = 0;
      for (const decision of decisions.toSorted((a, b) => a.id - b.id))
        ended += (await sql.all(this.#sql.end, ...this.#rows.endValues(decision))).length;
      return ended;
    });
  }

  async takeEnded(watcher: string, now: number, until: number, most: number): Promise<EndedLetter[]> {
    const rows = await this.#alone((sql) => sql.all(this.#sql.takeEnded, until, watcher, now, most));
    return readable(rows, (row) => this.#rows.endedOf(row)).toSorted((a, b) => a.id - b.id);
  }

  async gave(letters: readonly Pick<EndedLetter, 'id' | 'controlId'>[]): Promise<void> {
    const [ids, versions] = [
      letters.map(({ id }) => id),
      letters.map(({ controlId }) => this.#rows.hide(controlId)),
    ];
    await this.#parts.db.all(
      `UPDATE ${this.#parts.schema}.letter l SET given = 1 FROM unnest($1::bigint[], $2::text[]) AS g (id, version)
        WHERE l.id = g.id AND l.control_id = g.version AND l.state <> 'watched'`,
      ids,
      versions,
    );
  }

  async handOver(from: string, to: string): Promise<number> {
    return this.#alone(async (sql) => {
      await sql.all(this.#sql.makeRoom, to, from);
      const { length } = await sql.all(this.#sql.handOver, to, from, to);
      await sql.all(this.#sql.leave, from);
      return length;
    });
  }

  async find(watcher: string, name: LetterName): Promise<WatchedLetter[]> {
    const { db, schema } = this.#parts;
    const hidden = this.#rows.hide(textOf(name));
    // The index has the first characters only.
    const sql = findStatement(`${schema}.`, name, (column) => `left(${column}, 100) = left(?, 100)`);
    const rows = await db.all(numbered(sql), watcher, hidden, hidden);
    return readable(rows, (row) => this.#rows.letterOf(row));
  }

  async counts(watcher: string): Promise<Record<LetterState, number>> {
    return letterCountsOf(await this.#parts.db.all(this.#sql.counts, watcher));
  }

  async allCounts(): Promise<WatcherCount[]> {
    return watcherCountsOf(await this.#parts.db.all(this.#sql.allCounts));
  }

  async ended(since: number): Promise<LetterCount[]> {
    return (await this.#parts.db.all(this.#sql.ended, since)).map(letterCountOf);
  }

  /** One process after the other, so that no two take the same. */
  #alone<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#parts.db.transaction(async (sql) => {
      await sql.get('SELECT pg_advisory_xact_lock($1, hashtext($2))', LETTERS_LOCK, this.#parts.schema);
      return work(sql);
    });
  }
}

/** Any number that no other program is likely to lock by. */
const LETTERS_LOCK = 502_244_105;
