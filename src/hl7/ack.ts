/**
 * Acknowledgements (HL7 v2, chapter 2, ACK; PKB page 3364848470).
 */
import { delimitersOf, STANDARD_DELIMITERS } from './delimiters.js';
import { escape, unescape } from './escape.js';

/** What an acknowledgement says. */
export interface Acknowledgement {
  /** MSA-1, such as AA, AR or AE. */
  readonly code: string;
  /** MSA-2: the control ID of the message it answers; may be blank. */
  readonly controlId: string;
  /** MSA-3 as plain text; may quote the message, so it belongs in no log. */
  readonly text: string;
  /** The acknowledgement itself, from its MSH on. */
  readonly ack: string;
}

/**
 * Finds and reads an acknowledgement in a text, in time proportional to its length.
 *
 * @param text anything; the ACK may begin at any line of it, and its segments end with CR, LF or CRLF.
 *   MSA-3 may have several lines, and quote a message.
 * @returns undefined unless there is exactly one message of an answering type with exactly one MSA
 */
export function readAck(text: string): Acknowledgement | undefined {
  const start = startOfMessage(text);
  if (start < 0) return undefined;
  const ack = text.slice(start, endWithoutBlanks(text));
  // PKB's AR and AE examples show MSH|^~\&;| (3364848470): only the separators at their usual places count.
  const delimiters = ack.startsWith('MSH|^~\\&') ? STANDARD_DELIMITERS : delimitersOf(ack);
  const lines = ack.split(/[\r\n]+/).map((line) => line.trimStart());
  const type = (lines[0] ?? '').split(delimiters.field, 9)[8] ?? '';
  const isNamed = (name: string) => (line: string, i: number) =>
    i > 0 && line.startsWith(name + delimiters.field);
  const at = lines.findIndex(isNamed('MSA'));
  // With two answers in one, it would be unclear which of them counts.
  if (!ANSWERS.test(type) || at < 0 || lines.findLastIndex(isNamed('MSA')) !== at) return undefined;
  const again = lines.findIndex((line, i) => i > 0 && line.startsWith('MSH'));
  if (again >= 0 && again < at) return undefined;
  const answer = lines[at] ?? '';
  const fields = answer.split(delimiters.field);
  return {
    code: (fields[1] ?? '').trim(),
    controlId: unescape((fields[2] ?? '').trim(), delimiters),
    text: unescape(
      [textOf(answer, fields, delimiters.field), ...continued(lines, at, again, delimiters.field)].join('\n'),
      delimiters,
    ),
    ack,
  };
}

/** MSA-3; if it quotes a message, it extends to the end of the line. */
function textOf(answer: string, fields: readonly string[], separator: string): string {
  const text = fields[3] ?? '';
  if (!text.includes('MSH')) return text;
  return answer.slice(fields.slice(0, 3).join(separator).length + 1);
}

/** The further lines of MSA-3: up to the next segment, or to the end if it quotes a message. */
function continued(
  lines: readonly string[],
  at: number,
  quoted: number,
  separator: string,
): readonly string[] {
  if (quoted > at) return lines.slice(at + 1);
  const isSegment = (line: string): boolean => /^[A-Z][A-Z0-9]{2}/.test(line) && line.charAt(3) === separator;
  const next = lines.findIndex((line, i) => i > at && isSegment(line));
  return lines.slice(at + 1, next < 0 ? lines.length : next);
}

/** The offset of the first header segment that has only blanks before it on its line; -1 if there is none. */
function startOfMessage(text: string): number {
  for (let at = text.indexOf('MSH'); at >= 0; at = text.indexOf('MSH', at + 3)) {
    if (/[A-Za-z0-9\s]/.test(text.charAt(at + 3)) || at + 3 >= text.length) continue;
    let before = at;
    while (before > 0 && ' \t\uFEFF'.includes(text.charAt(before - 1))) before--;
    if (before === 0 || '\r\n\v'.includes(text.charAt(before - 1))) return at;
  }
  return -1;
}

/** The end of a text, not counting white space and the end of an MLLP frame after it. */
function endWithoutBlanks(text: string): number {
  let end = text.length;
  while (end > 0 && (text.charAt(end - 1) === '\x1c' || text.charAt(end - 1).trim() === '')) end--;
  return end;
}

/** Message types that answer another message: acknowledgements, and query responses such as ADR^A19. */
const ANSWERS = /^(?:ACK|ADR|MCF|ORF|RSP)(?:$|[^A-Za-z0-9])/;

/** What goes into an acknowledgement that we write. */
export interface AckFields {
  /** MSH-9; default `ACK^R01`, as in all of PKB's examples. */
  readonly type?: string;
  readonly code: 'AA' | 'AR' | 'AE';
  /** Control ID of the message answered. */
  readonly answers: string;
  /** MSA-3, plain text; blank for none. */
  readonly text: string;
  /** Raw MSH-3 and MSH-4 of the message answered. They become MSH-5 and MSH-6. */
  readonly application: string;
  readonly facility: string;
  /** HL7 time stamp for MSH-7, also used in MSH-10. */
  readonly time: string;
}

/**
 * Writes an acknowledgement in the form that PKB shows (3364848470).
 *
 * @returns HL7 text; segments end with CR
 */
export function writeAck(fields: AckFields): string {
  const header = `MSH|^~\\&|HL7API|PKB|${fields.application}|${fields.facility}|${fields.time}||${fields.type ?? 'ACK^R01'}|PKB-${fields.time}|P|2.4`;
  const text = fields.text === '' ? '' : `|${escape(fields.text)}`;
  return `${header}\rMSA|${fields.code}|${escape(fields.answers)}${text}\r`;
}
