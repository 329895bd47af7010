/** Lists for spreadsheets (RFC 4180), with a byte order mark, by which they know UTF-8. */

const BOM = '\uFEFF';

/** How a formula begins, for the spreadsheets that there are; a leading quote makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;

/** A list with its heads as CSV text. */
export function csv(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return BOM + [heads, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: string): string {
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
