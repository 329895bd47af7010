/** What the databases of outboxes are given and give back. */

/** A parameter of a statement. */
export type Value = string | number | null | Buffer;

/** One row, by column name. */
export type Row = Record<string, unknown>;
