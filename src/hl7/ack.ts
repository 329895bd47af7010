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
 * Finds and reads an acknowledgement in a text.
 *
 * @param text anything; the ACK may stand anywhere in it, its segments ended by CR, LF or CRLF
 * @returns undefined where there is not exactly one message of an answering type with exactly one MSA
 */
export function readAck(text: string): Acknowledgement | undefined {
  const start = /(?:^|[\r\n\v])[ \t]*(?=MSH[^A-Za-z0-9\s])/.exec(text);
  if (start === null) return undefined;
  const ack = text.slice(start.index + start[0].length).replace(/[\s\x1c]+$/, '');
  // PKB publishes MSH|^~\&;| in AR and AE examples (3364848470): only the separators in their places count.
  const delimiters = ack.startsWith('MSH|^~\\&') ? STANDARD_DELIMITERS : delimitersOf(ack);
  const segments = ack.split(/[\r\n]+/).map((segment) => segment.trimStart());
  const [header = '', ...others] = segments;
  const type = header.split(delimiters.field)[8] ?? '';
  if (!ANSWERS.test(type) || others.some((segment) => segment.startsWith('MSH'))) return undefined;
  const [answer, ...further] = others.filter((segment) => segment.startsWith(`MSA${delimiters.field}`));
  // Two answers in one would leave open which of them counts.
  if (answer === undefined || further.length > 0) return undefined;
  const fields = answer.split(delimiters.field);
  return {
    code: (fields[1] ?? '').trim(),
    controlId: unescape((fields[2] ?? '').trim(), delimiters),
    text: unescape(fields[3] ?? '', delimiters),
    ack,
  };
}

/** Message types that answer another message: acknowledgements, and query responses such as ADR^A19. */
const ANSWERS = /^(?:ACK|ADR|MCF|ORF|RSP)(?:$|[^A-Za-z0-9])/;

/** What goes into an acknowledgement that we write. */
export interface AckFields {
  readonly code: 'AA' | 'AR' | 'AE';
  /** Control ID of the message that is answered. */
  readonly answers: string;
  /** MSA-3, plain text; blank for none. */
  readonly text: string;
  /** Raw MSH-3 and MSH-4 of the message that is answered, which become MSH-5 and MSH-6. */
  readonly application: string;
  readonly facility: string;
  /** HL7 time stamp for MSH-7, also used in MSH-10. */
  readonly time: string;
}

/**
 * Writes an acknowledgement in the form that PKB shows (3364848470).
 *
 * @returns HL7 text, segments ended by CR
 */
export function writeAck(fields: AckFields): string {
  const header = `MSH|^~\\&|HL7API|PKB|${fields.application}|${fields.facility}|${fields.time}||ACK^R01|PKB-${fields.time}|P|2.4`;
  const text = fields.text === '' ? '' : `|${escape(fields.text)}`;
  return `${header}\rMSA|${fields.code}|${escape(fields.answers)}${text}\r`;
}
