/** What runs of characters are made of. */
import { run } from './repeat.js';
import type { Shape } from './shape.js';

/** What runs are made of. */
const UNITS: Readonly<Record<string, string>> = {
  '|': '|',
  '^': '^',
  '~': '~',
  '\\': '\\',
  '&': '&',
  blanks: ' ',
  tabs: '\t',
  CR: '\r',
  LF: '\n',
  CRLF: '\r\n',
  'LF and CR': '\n\r',
  FF: '\f',
  VT: '\v',
  NUL: '\0',
  'file separators': '\x1c',
  'MLLP frames': '\x1c\r\v',
  '{': '{',
  '}': '}',
  '{}': '{}',
  '<': '<',
  '>': '>',
  ']': ']',
  ']]>': ']]>',
  '"': '"',
  '@': '@',
  'a@b.c~': 'a@b.c~',
  ';': ';',
  letters: 'A',
  digits: '1',
  'digits and dots': '1.',
  'time stamps': '20260101120000',
  base64: 'QUJD',
  'byte order marks': '\uFEFF',
  'no-break spaces': '\u00a0',
  'lone surrogates': '\ud800',
  'lone low surrogates': '\udc00',
  'combining marks': 'e\u0301\u0323',
  emoji: '\u{1F600}',
  'LF and blanks': '\n ',
  'CR and tabs': '\r\t',
  MSH: 'MSH',
  'MSH|': 'MSH|',
  MSA: 'MSA',
  'CR and MSH|': '\rMSH|',
  'NTE and CR': 'NTE\r',
  'OBR and blanks': 'OBR ',
  '\\F\\': '\\F\\',
  '\\.br\\': '\\.br\\',
  '\\X0D\\': '\\X0D\\',
  '\\C': '\\C',
  '&amp;': '&amp;',
  '&#65;': '&#65;',
};

/** The names of all runs. */
export const ALL: readonly string[] = Object.keys(UNITS);

/** The runs that are put within messages and answers: what delimits something, and one of each kind of the rest. */
// prettier-ignore
export const WITHIN: readonly string[] = [
  '|', '^', '~', '\\', '{', 'a@b.c~', 'blanks', 'letters', 'CR', 'LF', 'CRLF', 'file separators', 'LF and blanks',
  'CR and MSH|', 'combining marks', '\\X0D\\',
];

/** Runs that stand at a place, by name. */
export function runsAt(
  place: string,
  units: readonly string[],
  put: (text: string) => string,
): [string, Shape][] {
  return units.map((name) => [`${place} ${name}`, (size) => put(run(UNITS[name] ?? '', size))]);
}
