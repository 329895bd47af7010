/** Letters in an outbox file. */
import type { BodyCipher, Hidden } from '../cipher.js';
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
import type { Write } from './group-commit.js';
import type { Statements } from './statements.js';

const SQL = letterStatements('');

/** What letters are kept with. */
export interface LetterParts {
  readonly sql: Statements;
  readonly cipher: BodyCipher;
  readonly hidden: Hidden;
  readonly write: Write;
}

/** Writes and reads letters. */
export class SqliteLetters implements Letters {
  readonly #sql: Statements;
  readonly #rows: LetterRows;
  readonly #write: Write;

  constructor({ sql, cipher, hidden, write }: LetterParts) {
    this.#sql = sql;
    this.#rows = new LetterRows(cipher, hidden);
    this.#write = write;
  }

  watch(letters: readonly NewLetter[]): Promise<void> {
    return this.#write(() => {
      for (const letter of letters) this.#sql.run(SQL.watch, ...this.#rows.newValues(letter));
    });
  }

  cancel(watcher: string, key: string, at: number): Promise<boolean> {
    return this.#write(() => {
      return this.#sql.all(SQL.cancel, at, watcher, key, at).length > 0;
    });
  }

  take(watcher: string, now: number, again: number, most: number): Promise<WatchedLetter[]> {
    return this.#write(() => {
      const rows = this.#sql.all(SQL.take, again, watcher, now, most);
      return readable(rows, (row) => withoutCarried(this.#rows.letterOf(row))).toSorted(byOrganisation);
    });
  }

  putOff(ids: readonly number[], until: number, withoutPatient: boolean): Promise<void> {
    return this.#write(() => {
      for (const id of ids) this.#sql.run(withoutPatient ? SQL.putOffPatient : SQL.putOff, until, id);
    });
  }

  end(decisions: readonly LetterDecision[]): Promise<number> {
    return this.#write(() => {
      let ended = 0;
      for (const decision of decisions)
        ended += this.#sql.all(SQL.end, ...this.#rows.endValues(decision)).length;
      return ended;
    });
  }

  takeEnded(watcher: string, now: number, until: number, most: number): Promise<EndedLetter[]> {
    return this.#write(() => {
      const rows = this.#sql.all(SQL.takeEnded, until, watcher, now, most);
      return readable(rows, (row) => this.#rows.endedOf(row)).toSorted((a, b) => a.id - b.id);
    });
  }

  gave(letters: readonly Pick<EndedLetter, 'id' | 'controlId'>[]): Promise<void> {
    return this.#write(() => {
      for (const { id, controlId } of letters) this.#sql.run(SQL.gave, id, this.#rows.hide(controlId));
    });
  }

  handOver(from: string, to: string): Promise<number> {
    return this.#write(() => {
      this.#sql.run(SQL.makeRoom, to, from);
      const { length } = this.#sql.all(SQL.handOver, to, from, to);
      this.#sql.run(SQL.leave, from);
      return length;
    });
  }

  async find(watcher: string, name: LetterName): Promise<WatchedLetter[]> {
    const rows = this.#sql.all(findStatement('', name), watcher, this.#rows.hide(textOf(name)));
    return readable(rows, (row) => this.#rows.letterOf(row));
  }

  async counts(watcher: string): Promise<Record<LetterState, number>> {
    return letterCountsOf(this.#sql.all(SQL.counts, watcher));
  }

  async allCounts(): Promise<WatcherCount[]> {
    return watcherCountsOf(this.#sql.all(SQL.allCounts));
  }

  async ended(since: number): Promise<LetterCount[]> {
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
