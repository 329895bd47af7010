/**
 * The MSH segment, read in one pass: where its fields are, and whether the message can be sent to PKB.
 */
import { PkbMessageError } from '../errors.js';
import { STANDARD_HEADER_START } from './delimiters.js';

const CR = 13;
const LF = 10;
const SEPARATOR = 124;

/** The fields of one MSH segment with the standard delimiters. */
export interface Header {
  /** Offset of the line end of MSH. */
  readonly end: number;
  /** Offsets of the field separators; `separators[0]` is MSH-1. */
  readonly separators: readonly number[];
}

/**
 * Reads the header of a message to send.
 *
 * @param text HL7 text, or the beginning of it with all of MSH
 * @throws PkbMessageError `PKB_HL7_EMPTY`, `PKB_HL7_NO_MSH`, `PKB_HL7_ENCODING_CHARACTERS` or `PKB_HL7_HEADER_SHORT`
 */
export function readHeader(text: string): Header {
  if (!text.startsWith(STANDARD_HEADER_START)) throw notSendable(text);
  const separators = [3];
  let end = STANDARD_HEADER_START.length;
  for (; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit === SEPARATOR) separators.push(end);
    else if (unit === CR || unit === LF) break;
  }
  // PKB reads only the standard delimiters. A fifth character is HL7 2.7's truncation character and no delimiter.
  const encoding = text.slice(4, separators[1] ?? end);
  if (encoding !== '^~\\&' && encoding !== '^~\\&#') throw wrongDelimiters();
  const header = { end, separators };
  if (isEmpty(header, 9)) {
    throw new PkbMessageError(
      'PKB_HL7_HEADER_SHORT',
      'The MSH segment has no message type (MSH-9): it is cut short or was never filled.',
    );
  }
  return header;
}

/**
 * The raw text of MSH-n.
 *
 * @param n 3 or more
 * @returns blank if the segment ends before it
 */
export function fieldOf(text: string, header: Header, n: number): string {
  const separator = header.separators[n - 2];
  if (separator === undefined) return '';
  return text.slice(separator + 1, header.separators[n - 1] ?? header.end);
}

/** Whether MSH-n (n 3 or more) is empty, or the segment ends before it. */
export function isEmpty({ separators, end }: Header, n: number): boolean {
  const separator = separators[n - 2];
  return separator === undefined || (separators[n - 1] ?? end) === separator + 1;
}

/**
 * Message type and trigger event: MSH-9.1 and MSH-9.2 of the first repetition, first subcomponents, without white space.
 *
 * @param messageType raw MSH-9, such as `ADT^A28` or `ADT^A28^ADT_A05`
 * @returns `ADT^A28`
 */
export function messageTypeOf(messageType: string): string {
  if (/^[A-Z0-9]+\^[A-Z0-9]+$/.test(messageType)) return messageType;
  const [repetition = ''] = messageType.split('~', 1);
  const parts = repetition.split('^', 2).map((part) => (part.split('&', 1)[0] ?? '').trim());
  return parts.join('^');
}

/** The error for a text with a wrong beginning, which cannot be sent. */
function notSendable(text: string): PkbMessageError {
  if (text.trim() === '')
    return new PkbMessageError('PKB_HL7_EMPTY', 'There is no message: the text is empty.');
  if (!text.startsWith('MSH')) {
    return new PkbMessageError(
      'PKB_HL7_NO_MSH',
      'The text does not begin with MSH, so it is not an HL7 v2 message.',
    );
  }
  if (text.length < STANDARD_HEADER_START.length && STANDARD_HEADER_START.startsWith(text)) {
    return new PkbMessageError('PKB_HL7_HEADER_SHORT', 'The MSH segment is cut short.');
  }
  if (/^MSH[A-Za-z0-9\s]/.test(text)) {
    return new PkbMessageError('PKB_HL7_NO_MSH', 'The text does not begin with an MSH segment (MSH|^~\\&|).');
  }
  return wrongDelimiters();
}

function wrongDelimiters(): PkbMessageError {
  return new PkbMessageError(
    'PKB_HL7_ENCODING_CHARACTERS',
    'The message declares other delimiters than |^~\\& in MSH-1 and MSH-2; PKB honours only these.',
  );
}
