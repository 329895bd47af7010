/**
 * The forms in which a message reaches us, made into the one we work on: a string that begins with MSH, segments ended
 * by CR, without MLLP frame, byte order mark or blank lines before it.
 */
import { isUtf8 } from 'node:buffer';
import { PkbMessageError } from '../errors.js';
import { decodeCharset } from './charset.js';

/**
 * Reads one message.
 *
 * @param input HL7 text, or its bytes in UTF-8 or in the character set that MSH-18 declares
 * @returns the text; of its characters only frame, byte order mark, line ends and white space around it may differ
 * @throws PkbMessageError `PKB_HL7_TYPE`, `PKB_HL7_EMPTY`, `PKB_HL7_CHARSET`, or `PKB_HL7_BATCH` with the number found
 */
export function readMessage(input: unknown): string {
  const messages = readMessages(input);
  if (messages.length > 1) {
    throw new PkbMessageError(
      'PKB_HL7_BATCH',
      `The text holds ${messages.length} messages where one is wanted; let the node split batches, or split it before.`,
    );
  }
  return messages[0] ?? '';
}

/**
 * Reads a message or a batch (FHS/BHS, or messages one behind the other; HL7 v2, chapter 2, "Batch protocol").
 *
 * @param input as {@link readMessage}
 * @returns the messages in their order, at least one; a text without any MSH comes back as it is, for the caller to refuse
 * @throws PkbMessageError `PKB_HL7_TYPE`, `PKB_HL7_EMPTY` or `PKB_HL7_CHARSET`; `PKB_HL7_BATCH` for a batch of none
 */
export function readMessages(input: unknown): string[] {
  const text = unframe(typeof input === 'string' ? input : decode(input));
  if (text === '') throw new PkbMessageError('PKB_HL7_EMPTY', 'There is no message: the text is empty.');
  return split(endSegmentsByCr(text));
}

/**
 * Ends every segment by CR.
 *
 * A text with one kind of line end throughout is converted as a whole. In a text that mixes them, CR and CRLF end a
 * segment, and a lone LF does so only where a segment name or nothing follows: elsewhere it is text within a field.
 */
export function endSegmentsByCr(text: string): string {
  if (!text.includes('\n')) return text;
  if (!text.includes('\r')) return text.replaceAll('\n', '\r');
  return text.replaceAll(/\r\n|\n(?=[A-Z][A-Z0-9]{2}\||[\r\n]|$)/g, '\r');
}

/** Takes off white space before the message, a byte order mark and an MLLP frame (HL7 v2, appendix C). */
function unframe(text: string): string {
  let start = 0;
  while (start < text.length && ' \t\r\n\v\uFEFF'.includes(text.charAt(start))) start++;
  let end = text.length;
  const frameEnd = text.lastIndexOf('\x1c');
  if (frameEnd >= start && text.slice(frameEnd + 1).trim() === '') end = frameEnd;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** The messages of a text that ends its segments by CR; what stands outside them (FHS, BHS, BTS, FTS) is left out. */
function split(text: string): string[] {
  const batch = /^(?:FHS|BHS)/.test(text);
  if (!batch && !text.includes('\rMSH|')) return [text];
  const messages: string[] = [];
  let start = text.startsWith('MSH') ? 0 : text.indexOf('\rMSH') + 1;
  if (start === 0 && batch) {
    throw new PkbMessageError('PKB_HL7_BATCH', 'The text is a batch (FHS or BHS) without any message in it.');
  }
  while (start < text.length) {
    const next = text.indexOf('\rMSH', start) + 1;
    const end = next === 0 ? text.length : next;
    messages.push(text.slice(start, end).replace(/(?<=\r)(?:(?:BTS|FTS|BHS|FHS)[^\r]*(?:\r|$))+$/, ''));
    start = end;
  }
  return messages;
}

function decode(input: unknown): string {
  if (!(input instanceof Uint8Array)) {
    const kind = input === null ? 'null' : typeof input;
    throw new PkbMessageError(
      'PKB_HL7_TYPE',
      `The payload is ${kind}; HL7 text must be a string or a Buffer.`,
    );
  }
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const declared = declaredCharset(bytes);
  if (declared === '') {
    if (isUtf8(bytes)) return bytes.toString('utf8');
    throw new PkbMessageError(
      'PKB_HL7_CHARSET',
      'The bytes are not UTF-8 and MSH-18 declares no other character set; declare it, or decode the bytes before.',
    );
  }
  return decodeCharset(bytes, declared);
}

/** MSH-18 (first repetition) of undecoded bytes; `UTF-16` where a byte order mark says so; blank where undeclared. */
function declaredCharset(bytes: Buffer): string {
  const mark = bytes.toString('latin1', 0, 2);
  if (mark === '\xfe\xff' || mark === '\xff\xfe') return 'UNICODE UTF-16';
  const start = bytes.subarray(0, 4096).indexOf('MSH');
  if (start < 0) return '';
  const header = bytes.toString('latin1', start, start + 8192).split(/[\r\n]/, 1)[0] ?? '';
  const field = header.split(header.charAt(3))[17] ?? '';
  return field.split(header.charAt(5) || '~', 1)[0]?.trim() ?? '';
}
