/** Lists for spreadsheets (RFC 4180), with a byte order mark, by which they know UTF-8. */

const BOM = '\uFEFF';

/**
 * Where a spreadsheet would begin a formula: at the start of a cell (OWASP, "CSV Injection"; the signs of full width count for
 * some). Where its list separator is a semicolon or a tab, it begins a cell after each of these, and a row after each line end.
 */
const FORMULA =
  /^(?=[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20])|(?<=[;\t\r\n])(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;

/** A list with its heads as CSV text; nothing in it is taken for a formula: a quote before it makes it a text. */
export function csv(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return BOM + csvRows([heads, ...rows]);
}

/** Rows of a list that was begun with {@link csv}, so that a long one is made in parts. */
export function csvRows(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string): string {
  const text = value.replaceAll(FORMULA, "'");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
