/**
 * The request to PKB: SOAP 1.1, one `acceptMessage` with the HL7 text in a CDATA section (PKB page 3364848418).
 */
import { isUtf8 } from 'node:buffer';
import { PkbMessageError } from '../../errors.js';
import { piecesOf } from '../../hl7/pieces.js';
import { illegalAt, nameOf } from './characters.js';

const BEFORE =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"' +
  ' xmlns:wss="http://wsssl.hl7api.patientsknowbest.com/">' +
  '<soapenv:Header/><soapenv:Body><wss:acceptMessage><arg0><![CDATA[';
const AFTER = ']]></arg0></wss:acceptMessage></soapenv:Body></soapenv:Envelope>';
const BEFORE_BYTES = Buffer.from(BEFORE);
const AFTER_BYTES = Buffer.from(AFTER);

/** `]]>` would end the section, so it is split over two sections. The reader joins them again (XML 1.0, 2.7). */
const SPLIT_END = ']]]]><![CDATA[>';

/**
 * Puts a message into the envelope. Its characters stay as they are. An XML reader turns every CR into LF (XML 1.0, 2.11),
 * so PKB has always received segments with LF.
 *
 * @param hl7 HL7 text, or its UTF-8 bytes
 * @returns the envelope, as a string or a Buffer like the message; send it as UTF-8
 * @throws PkbMessageError `PKB_HL7_CHARACTER` if the message holds a character that XML cannot carry, with the
 *   character and its place; `PKB_HL7_CHARSET` for bytes that are not UTF-8; `PKB_HL7_TYPE`
 */
export function encodeRequest(hl7: string): string;
export function encodeRequest(hl7: Uint8Array): Buffer;
export function encodeRequest(hl7: string | Uint8Array): string | Buffer;
export function encodeRequest(hl7: string | Uint8Array): string | Buffer {
  if (typeof hl7 === 'string') return joined(hl7).toString('utf8');
  if (!(hl7 instanceof Uint8Array)) {
    throw new PkbMessageError('PKB_HL7_TYPE', `The message is ${typeof hl7}; give a string or a Buffer.`);
  }
  if (isUtf8(hl7)) return joined(Buffer.from(hl7.buffer, hl7.byteOffset, hl7.byteLength).toString('utf8'));
  throw new PkbMessageError('PKB_HL7_CHARSET', 'The bytes of the message are not UTF-8; decode them first.');
}

function joined(hl7: string): Buffer {
  mustFitXml(hl7);
  return Buffer.concat([...requestBody(hl7).pieces()]);
}

/** The bytes to send, in pieces that are made one at a time. */
export interface RequestBody {
  /** Length of all pieces, in bytes. */
  readonly length: number;
  readonly pieces: () => Generator<Buffer>;
}

/** Length of a piece of a long message, in UTF-16 units. */
const PIECE = 2 ** 16;

/**
 * The envelope with a message, as it is sent: in one piece or, for a long message, in many small ones. So a message of
 * megabytes is not copied as a whole.
 *
 * @param hl7 HL7 text that has passed {@link mustFitXml}
 */
export function requestBody(hl7: string): RequestBody {
  const text = hl7.includes(']]>') ? hl7.replaceAll(']]>', SPLIT_END) : hl7;
  if (text.length <= PIECE) {
    const whole = Buffer.from(BEFORE + text + AFTER, 'utf8');
    return {
      length: whole.length,
      *pieces() {
        yield whole;
      },
    };
  }
  return {
    length: BEFORE_BYTES.length + Buffer.byteLength(text) + AFTER_BYTES.length,
    *pieces() {
      yield BEFORE_BYTES;
      for (const piece of piecesOf(text, PIECE)) yield Buffer.from(piece, 'utf8');
      yield AFTER_BYTES;
    },
  };
}

/**
 * Refuses a message that the envelope cannot carry.
 *
 * @throws PkbMessageError `PKB_HL7_CHARACTER`
 */
export function mustFitXml(hl7: string): void {
  const at = illegalAt(hl7);
  if (at >= 0) throw illegal(hl7.slice(0, at), hl7.charCodeAt(at));
}

/** @param before the text up to the character; only segment names and counts from it are used */
function illegal(before: string, unit: number): PkbMessageError {
  const segments = before.split(/[\r\n]+/);
  const last = segments.at(-1) ?? '';
  const name = /^[A-Z][A-Z0-9]{2}(?=\|)/.exec(last)?.[0];
  const field = last.split('|').length - (name === 'MSH' ? 0 : 1);
  const place = name === undefined ? `line ${segments.length}` : `${name}-${field} (line ${segments.length})`;
  return new PkbMessageError(
    'PKB_HL7_CHARACTER',
    `The message holds ${nameOf(unit)} in ${place}, which XML and so PKB cannot carry; remove it at the source.`,
  );
}
