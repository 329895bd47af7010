/** A database that can be changed for another, and its statements, each prepared once. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, Value } from '../row.js';

/** Runs SQL. */
export class Statements {
  #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Goes on with another database of the same content. */
  change(db: DatabaseSync): void {
    this.#db = db;
    this.#prepared.clear();
  }

  close(): void {
    this.#db.close();
  }

  /** Runs SQL without parameters that is not used again and again. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  run(sql: string, ...values: Value[]): { lastInsertRowid: number; changes: number } {
    const { lastInsertRowid, changes } = this.#statement(sql).run(...values);
    return { lastInsertRowid: Number(lastInsertRowid), changes: Number(changes) };
  }

  /** The first row. */
  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) this.#prepared.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }
}
