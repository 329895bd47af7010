/** Runs in an outbox file. */
import type { NewMessage } from '../messages.js';
import { occurrenceOf, RunRows, runStatements } from '../run-rows.js';
import type {
  ItemPlace,
  Placed,
  ReportedItem,
  RunCounts,
  RunItem,
  Runs,
  RunStart,
  RunSummary,
} from '../runs.js';
import type { MessageRows } from '../message-row.js';
import type { BodyCipher, Hidden } from '../cipher.js';
import type { Write } from './group-commit.js';
import type { Statements } from './statements.js';

const SQL = runStatements('');

/** What runs are kept with. */
export interface RunParts {
  readonly sql: Statements;
  readonly cipher: BodyCipher;
  readonly hidden: Hidden;
  readonly rows: MessageRows;
  readonly write: Write;
  /** Stores a message. @returns its id; undefined where PKB has refused these very bytes */
  readonly insert: (message: NewMessage) => number | undefined;
}

/** Writes and reads runs. */
export class SqliteRuns implements Runs {
  readonly #sql: Statements;
  readonly #rows: RunRows;
  readonly #messages: MessageRows;
  readonly #insert: RunParts['insert'];
  readonly #write: Write;

  constructor({ sql, cipher, hidden, rows, insert, write }: RunParts) {
    this.#sql = sql;
    this.#rows = new RunRows(cipher, hidden, rows);
    this.#messages = rows;
    this.#insert = insert;
    this.#write = write;
  }

  /** As `Outbox.addItem`, within a transaction of the file. @returns undefined where PKB has refused these very bytes */
  add(message: NewMessage, item: RunItem): Placed | undefined {
    const latest = this.#sql.get(SQL.latest, item.key);
    const same = latest?.['content'] === item.content ? latest : undefined;
    const id = same === undefined ? this.#insert(message) : Number(same['id']);
    if (id === undefined) return undefined;
    this.#sql.run(SQL.ensure, ...this.#rows.ensureValues(item.run, message.storedAt));
    const occurrence = this.#replace(item);
    const placed = same === undefined ? { id } : { same: id };
    this.#sql.run(SQL.place, ...this.#rows.storedValues(message, item, occurrence, placed));
    if (same === undefined) {
      this.#sql.run(SQL.reopen, this.#rows.nameOf(item.run));
      return { id };
    }
    return {
      same: {
        id,
        controlId: this.#messages.identityOf(same).controlId,
        state: same['state'] === 'accepted' ? 'accepted' : 'queued',
        storedAt: Number(same['stored_at']),
      },
    };
  }

  begin(run: RunStart): Promise<void> {
    return this.#write(() => {
      this.#sql.run(SQL.begin, ...this.#rows.beginValues(run));
    });
  }

  place(places: readonly ItemPlace[]): Promise<void> {
    return this.#write(() => {
      for (const place of places) {
        const { run, state, at } = place;
        this.#sql.run(SQL.ensure, ...this.#rows.ensureValues(run, at));
        if (state === 'waiting' && this.#isKnown(place)) continue;
        const occurrence = state === 'waiting' ? 0 : this.#replace(place);
        this.#sql.run(SQL.place, ...this.#rows.placeValues(place, occurrence));
      }
    });
  }

  #isKnown({ run, key, referenceKey }: RunItem): boolean {
    const name = this.#rows.nameOf(run);
    return this.#sql.get(SQL.known, name, referenceKey, key, key, referenceKey) !== undefined;
  }

  /** Makes room for an item that has come. @returns which occurrence of its content it is */
  #replace(item: RunItem): number {
    const { run, key, referenceKey, content, position } = item;
    const name = this.#rows.nameOf(run);
    const place = position ?? null;
    this.#sql.run(SQL.replace, name, referenceKey, key, key, referenceKey, key, content, place, place);
    return occurrenceOf(item, this.#sql.all(SQL.places, name, key, content));
  }

  async all(most: number, reporter?: string): Promise<RunSummary[]> {
    const rows =
      reporter === undefined
        ? this.#sql.all(SQL.latestRuns, most)
        : this.#sql.all(SQL.openRuns, reporter, most);
    return rows.map((row) => this.#rows.summaryOf(row));
  }

  async one(run: string): Promise<RunCounts | undefined> {
    const name = this.#rows.nameOf(run);
    const row = this.#sql.get(SQL.one, name);
    if (row === undefined) return undefined;
    return this.#rows.countsOf(
      row,
      this.#sql.all(SQL.counts, name),
      Number(this.#sql.get(SQL.arrived, name)?.['n']),
      Number(this.#sql.get(SQL.changed, name)?.['n']),
    );
  }

  async items(run: string, after: number, most: number): Promise<ReportedItem[]> {
    const rows = this.#sql.all(SQL.items, this.#rows.nameOf(run), after, most);
    return rows.map((row) => this.#rows.itemOf(row));
  }

  close(run: string, at: number): Promise<boolean> {
    return this.#write(() => {
      return this.#sql.run(SQL.close, at, this.#rows.nameOf(run)).changes > 0;
    });
  }

  claim(run: string, at: number, until: number): Promise<boolean> {
    return this.#write(() => {
      return this.#sql.run(SQL.claim, until, this.#rows.nameOf(run), at).changes > 0;
    });
  }

  reported(run: string, closedAt: number): Promise<void> {
    return this.#write(() => {
      this.#sql.run(SQL.reported, this.#rows.nameOf(run), closedAt);
    });
  }

  /** Erases what is older than a time. @returns whether there may be more */
  erase(before: number, most: number): boolean {
    const { changes } = this.#sql.run(
      'DELETE FROM item WHERE id IN (SELECT id FROM item WHERE at < ? LIMIT ?)',
      before,
      most,
    );
    this.#sql.run(
      'DELETE FROM run WHERE started_at < ? AND NOT EXISTS (SELECT 1 FROM item WHERE run = run.name)',
      before,
    );
    return changes >= most;
  }
}
