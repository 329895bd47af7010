/** Many rows in one statement: a column of each as an array, for `unnest`. */
import type { Value } from '../row.js';

/** Rows as parameters. */
export interface ColumnArrays {
  /** The parameters `$1` and up to the number of columns. */
  readonly arrays: (string | number | null)[][];
  /** What to select from, such as `unnest($1::bigint[], $2::text[])`. */
  readonly unnest: string;
}

/** @param types of the columns that are not text @param rows values in the order of the columns */
export function columnArrays(
  columns: readonly string[],
  types: Readonly<Record<string, string>>,
  rows: readonly (readonly Value[])[],
): ColumnArrays {
  const casts = columns.map((column, i) => `$${i + 1}::${types[column] ?? 'text'}[]`);
  return {
    arrays: columns.map((_, c) => rows.map((row) => arrayValue(row[c] ?? null))),
    unnest: `unnest(${casts.join(', ')})`,
  };
}

/** Statements with `?` for their values, as PostgreSQL writes them. */
export function numberedAll<T extends Readonly<Record<string, string>>>(statements: T): T {
  return Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, numbered(sql)])) as T;
}

/** A statement with `?` for its values, as PostgreSQL writes it. */
export function numbered(sql: string): string {
  let n = 0;
  return sql.replaceAll('?', () => `$${++n}`);
}

/** A value as it stands in an array; bytes in PostgreSQL's own notation. */
function arrayValue(value: Value): string | number | null {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value;
}
