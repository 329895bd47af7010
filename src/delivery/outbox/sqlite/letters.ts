/** Letters in an outbox file. What is written is to be called within a transaction of the file (`store.ts`). */
import type { BodyCipher, Hidden } from '../cipher.js';
import {
  byOrganisation,
  letterCountOf,
  letterCountsOf,
  LetterRows,
  letterStatements,
  watcherCountsOf,
} from '../letter-rows.js';
import type {
  EndedLetter,
  LetterCount,
  LetterDecision,
  LetterState,
  NewLetter,
  WatchedLetter,
  WatcherCount,
} from '../letters.js';
import type { Statements } from './statements.js';

const SQL = letterStatements('');

/** Writes and reads letters. */
export class SqliteLetters {
  readonly #sql: Statements;
  readonly #rows: LetterRows;

  constructor(sql: Statements, cipher: BodyCipher, hidden: Hidden) {
    this.#sql = sql;
    this.#rows = new LetterRows(cipher, hidden);
  }

  watch(letters: readonly NewLetter[]): void {
    for (const letter of letters) this.#sql.run(SQL.watch, ...this.#rows.newValues(letter));
  }

  cancel(watcher: string, key: string, at: number): boolean {
    return this.#sql.all(SQL.cancel, at, watcher, key, at).length > 0;
  }

  take(watcher: string, now: number, again: number, most: number): WatchedLetter[] {
    const rows = this.#sql.all(SQL.take, again, watcher, now, most);
    return rows.map((row) => this.#rows.letterOf(row)).toSorted(byOrganisation);
  }

  putOff(ids: readonly number[], until: number, withoutPatient: boolean): void {
    for (const id of ids) this.#sql.run(withoutPatient ? SQL.putOffPatient : SQL.putOff, until, id);
  }

  end(decisions: readonly LetterDecision[]): number {
    let ended = 0;
    for (const decision of decisions)
      ended += this.#sql.all(SQL.end, ...this.#rows.endValues(decision)).length;
    return ended;
  }

  takeEnded(watcher: string, now: number, until: number, most: number): EndedLetter[] {
    const rows = this.#sql.all(SQL.takeEnded, until, watcher, now, most);
    return rows.map((row) => this.#rows.endedOf(row)).toSorted((a, b) => a.id - b.id);
  }

  gave(letters: readonly Pick<EndedLetter, 'id' | 'controlId'>[]): void {
    for (const { id, controlId } of letters) this.#sql.run(SQL.gave, id, this.#rows.hide(controlId));
  }

  handOver(from: string, to: string): number {
    return this.#sql.run(SQL.handOver, to, from, to).changes;
  }

  find(watcher: string, name: { reference: string } | { documentId: string }): WatchedLetter[] {
    const [sql, value] =
      'reference' in name ? [SQL.byReference, name.reference] : [SQL.byDocument, name.documentId];
    return this.#sql.all(sql, watcher, this.#rows.hide(value)).map((row) => this.#rows.letterOf(row));
  }

  counts(watcher: string): Record<LetterState, number> {
    return letterCountsOf(this.#sql.all(SQL.counts, watcher));
  }

  allCounts(): WatcherCount[] {
    return watcherCountsOf(this.#sql.all(SQL.allCounts));
  }

  ended(since: number): LetterCount[] {
    return this.#sql.all(SQL.ended, since).map(letterCountOf);
  }

  /** Erases those that ended before a time. @returns whether there may be more */
  erase(before: number, most: number): boolean {
    const { changes } = this.#sql.run(
      `DELETE FROM letter WHERE id IN (SELECT id FROM letter WHERE state <> 'watched' AND ended_at < ? LIMIT ?)`,
      before,
      most,
    );
    return changes >= most;
  }
}
