/**
 * Escape sequences of HL7 v2 text (chapter 2, "Use of escape sequences in text fields"), limited to the six that PKB
 * knows (PKB page 3365012127): `\F\ \S\ \T\ \R\ \E\` and `\.br\`.
 */
import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.js';

const SPECIAL = /[|^~\\&\r\n]/;
const SPECIALS = /\r\n|[|^~\\&\r\n]/g;
const STANDARD_ESCAPES: Record<string, string> = {
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
  '\\': '\\E\\',
};

/**
 * Makes plain text safe for a field: it removes every delimiter and line end, so the text cannot add a segment, field,
 * repetition or component.
 *
 * @param plain any text; CR, LF and CRLF are one line break each
 * @param delimiters those of the message that the text is for
 * @returns HL7 text
 */
export function escape(plain: string, delimiters: Delimiters = STANDARD_DELIMITERS): string {
  if (delimiters === STANDARD_DELIMITERS) {
    if (!SPECIAL.test(plain)) return plain;
    return plain.replace(SPECIALS, (special) => STANDARD_ESCAPES[special] ?? '\\.br\\');
  }
  const e = delimiters.escape;
  const sequences = new Map([
    [delimiters.field, `${e}F${e}`],
    [delimiters.component, `${e}S${e}`],
    [delimiters.subcomponent, `${e}T${e}`],
    [delimiters.repetition, `${e}R${e}`],
    [delimiters.escape, `${e}E${e}`],
    ['\r', `${e}.br${e}`],
    ['\n', `${e}.br${e}`],
  ]);
  let out = '';
  let from = 0;
  for (let i = 0; i < plain.length; i++) {
    const character = plain.charAt(i);
    const sequence = sequences.get(character);
    if (sequence === undefined) continue;
    if (i > from) out += plain.slice(from, i);
    out += sequence;
    if (character === '\r' && plain.charAt(i + 1) === '\n') i++;
    from = i + 1;
  }
  return out + plain.slice(from);
}

/**
 * Reads HL7 text as plain text.
 *
 * @param raw the text of one field, repetition, component or subcomponent
 * @param delimiters those of the message that contains it
 * @returns plain text, with LF for `\.br\`; sequences other than the six (such as `\H\` or `\X0D\`) stay as they are
 */
export function unescape(raw: string, delimiters: Delimiters = STANDARD_DELIMITERS): string {
  const e = delimiters.escape;
  let open = raw.indexOf(e);
  if (open < 0) return raw;
  let out = '';
  let from = 0;
  while (open >= 0) {
    const close = raw.indexOf(e, open + 1);
    if (close < 0) break;
    const meaning = meaningOf(raw, open + 1, close, delimiters);
    if (meaning === undefined) {
      // An unknown sequence stays as it is. If the text between is no sequence name, the closing character may open
      // the next sequence. So "a\b\F\c" keeps its lone first escape character.
      if (isSequenceName(raw, open + 1, close)) {
        out += raw.slice(from, close + 1);
        from = close + 1;
        open = raw.indexOf(e, from);
      } else {
        open = close;
      }
      continue;
    }
    out += raw.slice(from, open) + meaning;
    from = close + 1;
    open = raw.indexOf(e, from);
  }
  return out + raw.slice(from);
}

function meaningOf(raw: string, start: number, end: number, delimiters: Delimiters): string | undefined {
  if (end - start === 1) {
    switch (raw.charAt(start)) {
      case 'F':
        return delimiters.field;
      case 'S':
        return delimiters.component;
      case 'T':
        return delimiters.subcomponent;
      case 'R':
        return delimiters.repetition;
      case 'E':
        return delimiters.escape;
      default:
        return undefined;
    }
  }
  return end - start === 3 && raw.startsWith('.br', start) ? '\n' : undefined;
}

/** Whether the text between two escape characters names one of HL7's other sequences: H, N, C…, M…, X…, Z… or .xx. */
function isSequenceName(raw: string, start: number, end: number): boolean {
  return (
    end > start &&
    end - start <= 64 &&
    /^(?:[HN]|[CMXZ][0-9A-Za-z]*|\.[a-z]{2}[-+]?[0-9]*)$/.test(raw.slice(start, end))
  );
}
