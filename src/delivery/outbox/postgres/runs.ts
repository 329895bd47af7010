/** Runs in a PostgreSQL outbox. What stores an item together with its message is in `intake.ts`. */
import {
  isSameItem,
  ITEM_COLUMNS,
  occurrenceOf,
  ON_CONFLICT,
  replaceable,
  RunRows,
  runStatements,
} from '../run-rows.js';
import type {
  ItemPlace,
  RunItem,
  Runs,
  SameMessage,
  ReportedItem,
  RunCounts,
  RunStart,
  RunSummary,
} from '../runs.js';
import type { NewMessage } from '../messages.js';
import { columnArrays, numberedAll } from './columns.js';
import type { Row } from '../row.js';
import type { Sql } from './database.js';
import type { StoreParts } from './parts.js';

/** Any number that no other program is likely to lock by. */
const ITEMS_LOCK = 502_244_104;

/** Types of the columns of an item, where not text. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  occurrence: 'bigint',
  position: 'bigint',
  label: 'bytea',
  message: 'bigint',
  same: 'bigint',
  at: 'bigint',
};

/** Writes and reads runs. */
export class PostgresRuns implements Runs {
  readonly rows: RunRows;
  readonly sql: ReturnType<typeof runStatements>;
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.rows = new RunRows(parts.cipher, parts.hidden, parts.rows);
    this.sql = numberedAll(runStatements(`${parts.schema}.`));
  }

  /** Makes transactions that write items of this outbox wait for one another, so that none misses what another stores. */
  async lock(sql: Sql): Promise<void> {
    await sql.get('SELECT pg_advisory_xact_lock($1, hashtext($2))', ITEMS_LOCK, this.#parts.schema);
  }

  /**
   * Looks for the same as items that are to be stored, within a transaction that holds the lock.
   *
   * @returns in the order of the items; undefined where there is none
   */
  async same(sql: Sql, items: readonly RunItem[]): Promise<(SameMessage | undefined)[]> {
    const found: (SameMessage | undefined)[] = items.map(() => undefined);
    const rows = await sql.all(
      `SELECT k.n, x.* FROM unnest($1::text[]) WITH ORDINALITY AS k (item_key, n)
        CROSS JOIN LATERAL (${runStatements(`${this.#parts.schema}.`).latest.replace('?', 'k.item_key')}) x`,
      items.map(({ key }) => key),
    );
    for (const row of rows) {
      const i = Number(row['n']) - 1;
      if (row['content'] === items[i]?.content) found[i] = this.#sameOf(row);
    }
    return found;
  }

  /** Notes items that were stored, or are the same as others, within a transaction that holds the lock. */
  async note(
    sql: Sql,
    items: readonly {
      readonly message: NewMessage;
      readonly item: RunItem;
      readonly placed: { id: number } | { same: number };
    }[],
  ): Promise<void> {
    const runs = new Map(items.map(({ item, message }) => [item.run, message.storedAt]));
    for (const [run, at] of runs) await sql.all(this.sql.ensure, ...this.rows.ensureValues(run, at));
    const occurrences = await this.#replace(
      sql,
      items.map(({ item }) => item),
    );
    const values = items.map(({ message, item, placed }, i) =>
      this.rows.storedValues(message, item, occurrences[i] ?? 0, placed),
    );
    const { arrays, unnest } = columnArrays(ITEM_COLUMNS, COLUMN_TYPES, values);
    const table = `${this.#parts.schema}.item`;
    await sql.all(
      `INSERT INTO ${table} (${ITEM_COLUMNS.join(', ')}, arrivals)
        SELECT g.*, 1 FROM ${unnest} AS g (${ITEM_COLUMNS.join(', ')}) ${ON_CONFLICT}`,
      ...arrays,
    );
    const opened = items.filter(({ placed }) => 'id' in placed).map(({ item }) => this.rows.nameOf(item.run));
    for (const name of new Set(opened)) await sql.all(this.sql.reopen, name);
  }

  /** Makes room for items that have come, which have different keys. @returns which occurrences of their contents they are */
  async #replace(sql: Sql, items: readonly RunItem[]): Promise<number[]> {
    const table = `${this.#parts.schema}.item`;
    const names = items.map(({ run }) => this.rows.nameOf(run));
    const references = items.map(({ referenceKey }) => referenceKey);
    await sql.all(
      `DELETE FROM ${table} i USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS g (r, rk, k, c, place)
        WHERE i.run = g.r AND i.reference_key = g.rk AND ${isSameItem('g.k', 'g.k', 'g.rk')}
          AND NOT (i.item_key = g.k AND i.content = g.c) AND ${replaceable('g.place', 'g.place')}`,
      names,
      references,
      items.map(({ key }) => key),
      items.map(({ content }) => content),
      items.map(({ position }) => position ?? null),
    );
    const rows = await sql.all(
      `SELECT g.n, i.position, i.occurrence FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS g (run, item_key, content, n)
        JOIN ${table} i USING (run, item_key, content)`,
      names,
      items.map(({ key }) => key),
      items.map(({ content }) => content),
    );
    return items.map((item, i) =>
      occurrenceOf(
        item,
        rows.filter((row) => Number(row['n']) === i + 1),
      ),
    );
  }

  #sameOf(row: Row): SameMessage {
    return {
      id: Number(row['id']),
      controlId: this.#parts.rows.identityOf(row).controlId,
      state: row['state'] === 'accepted' ? 'accepted' : 'queued',
      storedAt: Number(row['stored_at']),
    };
  }

  async begin(run: RunStart): Promise<void> {
    await this.#parts.db.all(this.sql.begin, ...this.rows.beginValues(run));
  }

  async place(places: readonly ItemPlace[]): Promise<void> {
    await this.#parts.db.transaction(async (sql) => {
      await this.lock(sql);
      const ensured = new Set<string>();
      for (const place of places) {
        const { run, state, at } = place;
        if (!ensured.has(run)) await sql.all(this.sql.ensure, ...this.rows.ensureValues(run, at));
        ensured.add(run);
        if (state === 'waiting') {
          const { key, referenceKey } = place;
          const about = [referenceKey, key, key, referenceKey];
          const known = await sql.get(this.sql.known, this.rows.nameOf(run), ...about);
          if (known === undefined) await sql.all(this.sql.place, ...this.rows.placeValues(place, 0));
          continue;
        }
        const [occurrence = 0] = await this.#replace(sql, [place]);
        await sql.all(this.sql.place, ...this.rows.placeValues(place, occurrence));
      }
    });
  }

  async all(most: number, reporter?: string): Promise<RunSummary[]> {
    const { db } = this.#parts;
    const rows = await (reporter === undefined
      ? db.all(this.sql.latestRuns, most)
      : db.all(this.sql.openRuns, reporter, most));
    return rows.map((row) => this.rows.summaryOf(row));
  }

  async one(run: string): Promise<RunCounts | undefined> {
    const { db } = this.#parts;
    const name = this.rows.nameOf(run);
    const row = await db.get(this.sql.one, name);
    if (row === undefined) return undefined;
    const counts = await db.all(this.sql.counts, name);
    const places = Number((await db.get(this.sql.arrived, name))?.['n']);
    return this.rows.countsOf(row, counts, places, Number((await db.get(this.sql.changed, name))?.['n']));
  }

  async items(run: string, after: number, most: number): Promise<ReportedItem[]> {
    const rows = await this.#parts.db.all(this.sql.items, this.rows.nameOf(run), after, most);
    return rows.map((row) => this.rows.itemOf(row));
  }

  async close(run: string, at: number): Promise<boolean> {
    // An item that is just being stored would not be seen, and then be in a closed run.
    return this.#parts.db.transaction(async (sql) => {
      await this.lock(sql);
      const rows: Row[] = await sql.all(`${this.sql.close} RETURNING name`, at, this.rows.nameOf(run));
      return rows.length > 0;
    });
  }

  async claim(run: string, at: number, until: number): Promise<boolean> {
    const { db } = this.#parts;
    const rows = await db.all(`${this.sql.claim} RETURNING name`, until, this.rows.nameOf(run), at);
    return rows.length > 0;
  }

  async reported(run: string, closedAt: number): Promise<void> {
    await this.#parts.db.all(this.sql.reported, this.rows.nameOf(run), closedAt);
  }
}
