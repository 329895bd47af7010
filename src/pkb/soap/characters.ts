/**
 * Characters that XML 1.0 cannot carry (XML 1.0, production 2, "Char").
 */

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const NAMES: Readonly<Record<number, string>> = {
  0: 'null',
  8: 'backspace',
  11: 'vertical tab, the start of an MLLP frame',
  12: 'form feed',
  27: 'escape',
  28: 'file separator, the end of an MLLP frame',
  29: 'group separator',
  30: 'record separator',
  31: 'unit separator',
  0xfffe: 'a non-character',
  0xffff: 'a non-character',
};

/**
 * The first character of a text that XML 1.0 cannot carry.
 *
 * @returns its offset in UTF-16 units, or -1
 */
export function illegalAt(text: string): number {
  // Nearly all texts have none, and `test` takes half the time of `search`.
  const control = CONTROL.test(text) ? text.search(CONTROL) : -1;
  if (text.isWellFormed()) return control;
  const surrogate = text.search(LONE_SURROGATE);
  return control < 0 ? surrogate : Math.min(control, surrogate);
}

/**
 * Names a character without showing it or anything beside it.
 *
 * @param unit a UTF-16 code unit or code point
 * @returns such as `U+000B (vertical tab, the start of an MLLP frame)`
 */
export function nameOf(unit: number): string {
  const code = `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`;
  const name =
    NAMES[unit] ?? (unit >= 0xd800 && unit <= 0xdfff ? 'half of a surrogate pair' : 'a control character');
  return `${code} (${name})`;
}
