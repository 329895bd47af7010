/**
 * Messages arrive in several forms. This file converts them to the one that we work on: a string that begins with MSH,
 * with CR at the end of segments, and without MLLP frame, byte order mark or blank lines before it.
 */
import { isUtf8 } from 'node:buffer';
import { PkbMessageError } from '../errors.js';
import { decodeCharset } from './charset.js';

/**
 * Reads one message.
 *
 * @param input HL7 text, or its bytes in UTF-8 or in the character set that MSH-18 declares
 * @returns the text; only frame, byte order mark, line ends and white space around it are changed
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
 * Reads a message or a batch (FHS/BHS, or messages one after the other; HL7 v2, chapter 2, "Batch protocol").
 *
 * @param input as {@link readMessage}
 * @returns the messages in order, at least one; a text without any MSH is returned as it is, and the caller refuses it
 * @throws PkbMessageError `PKB_HL7_TYPE`, `PKB_HL7_EMPTY` or `PKB_HL7_CHARSET`; `PKB_HL7_BATCH` for an empty batch
 */
export function readMessages(input: unknown): string[] {
  const text = unframe(typeof input === 'string' ? input : decode(input));
  if (text === '') throw new PkbMessageError('PKB_HL7_EMPTY', 'There is no message: the text is empty.');
  const messages = split(endSegmentsByCr(text));
  if (typeof input !== 'string' && new Set(messages.map(charsetOf)).size > 1) {
    throw new PkbMessageError(
      'PKB_HL7_CHARSET',
      'The messages of the batch declare different character sets in MSH-18; split the batch before, and give each its own bytes.',
    );
  }
  return messages;
}

/**
 * Ends every segment with CR.
 *
 * In a text with one kind of line end, every line end is converted. In a text that mixes them, CR and CRLF end a
 * segment. A lone LF does so only before a segment name or at the end; elsewhere it is text within a field.
 */
export function endSegmentsByCr(text: string): string {
  if (!text.includes('\n')) return text;
  if (!text.includes('\r')) return text.replaceAll('\n', '\r');
  return text.replaceAll(/\r\n|\n(?=[A-Z][A-Z0-9]{2}\||[\r\n]|$)/g, '\r');
}

/** Removes white space before the message, a byte order mark and MLLP frames (HL7 v2, appendix C). */
function unframe(text: string): string {
  const single = text.includes('\x1c') ? text.replaceAll(/\x1c[\r\n]*\v/g, '\r') : text;
  let start = 0;
  while (start < single.length && ' \t\r\n\v\uFEFF'.includes(single.charAt(start))) start++;
  let end = single.length;
  const frameEnd = single.lastIndexOf('\x1c');
  if (frameEnd >= start && single.slice(frameEnd + 1).trim() === '') end = frameEnd;
  return single.slice(start, end);
}

/** The messages of a text whose segments end with CR, without the segments of the batch (FHS, BHS, BTS, FTS). */
function split(text: string): string[] {
  const batch = /^(?:FHS|BHS)/.test(text);
  // A text with any other beginning is not split, because the beginning would be lost. The header reader refuses it.
  if (!batch && !text.startsWith('MSH')) return [text];
  const starts = [...text.matchAll(/(?<=^|\r)MSH(?=[^A-Za-z0-9\s])/g)].map(({ index }) => index);
  if (starts.length <= 1 && !batch) return [text];
  if (starts.length === 0) {
    throw new PkbMessageError('PKB_HL7_BATCH', 'The text is a batch (FHS or BHS) without any message in it.');
  }
  return starts.map((start, i) => withoutTrailers(text.slice(start, starts[i + 1] ?? text.length)));
}

/** Removes the segments that close or open a batch, and blank lines, from the end of a message. */
function withoutTrailers(message: string): string {
  const lines = message.split('\r');
  let kept = lines.length;
  while (kept > 1 && /^(?:$|BTS|FTS|BHS|FHS)/.test(lines[kept - 1] ?? '')) kept--;
  return kept === lines.length ? message : `${lines.slice(0, kept).join('\r')}\r`;
}

/** Raw MSH-18 of one message. */
function charsetOf(message: string): string {
  // A shorter text has no MSH-18. This check is fast, and a batch can hold very many messages.
  if (message.length < 'MSH'.length + 17) return '';
  return message.split('\r', 1)[0]?.split(message.charAt(3))[17] ?? '';
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

/** MSH-18 (first repetition) of undecoded bytes; `UNICODE UTF-16` if there is its byte order mark; blank if undeclared. */
function declaredCharset(bytes: Buffer): string {
  const mark = bytes.toString('latin1', 0, 2);
  if (mark === '\xfe\xff' || mark === '\xff\xfe') return 'UNICODE UTF-16';
  const start = bytes.indexOf('MSH');
  if (start < 0) return '';
  const header = bytes.toString('latin1', start, start + 8192).split(/[\r\n]/, 1)[0] ?? '';
  const field = header.split(header.charAt(3))[17] ?? '';
  return field.split(header.charAt(5) || '~', 1)[0]?.trim() ?? '';
}
